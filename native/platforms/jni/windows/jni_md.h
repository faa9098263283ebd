/* The machine-dependent half of jni.h for Windows; a JDK carries only that of its own system. */
#ifndef BW_JNI_MD_H
#define BW_JNI_MD_H

#define JNIEXPORT __declspec(dllexport)
#define JNIIMPORT __declspec(dllimport)
#define JNICALL __stdcall

typedef int jint;
typedef long long jlong;
typedef signed char jbyte;

#endif
