/* Stands for another plugin's library: its loop runs on Intel's OpenMP runtime, to which it is linked. */
#include <jni.h>
#include <omp.h>

JNIEXPORT jint JNICALL Java_Neighbours_intelLoop(JNIEnv *env, jclass self, jint count);

JNIEXPORT jint JNICALL Java_Neighbours_intelLoop(JNIEnv *env, jclass self, jint count) {
    long sum = 0;
    (void)env, (void)self;
#pragma omp parallel for reduction(+ : sum) num_threads(3)
    for (jint i = 0; i < count; i++)
        sum += i;
    return (jint)sum;
}
