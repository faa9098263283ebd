/* Training options as Java sends them: an array each of whole numbers, of real numbers and of class weights, which
 * Native.java describes. */
#ifndef BW_JNI_OPTIONS_H
#define BW_JNI_OPTIONS_H

#include "jni/bridge.h"

/* False with an exception pending when an array is missing or too short. The engine checks the values. */
bool bw_jni_options_in(JNIEnv *env, jlongArray whole, jdoubleArray real, jfloatArray weights, bw_train_options *out);
/* Fills the arrays; an exception is pending when one is missing or too short. */
void bw_jni_options_out(JNIEnv *env, const bw_train_options *options, jlongArray whole, jdoubleArray real,
                        jfloatArray weights);

#endif
