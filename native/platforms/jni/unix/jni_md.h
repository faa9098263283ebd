/* The machine-dependent half of jni.h for Linux and macOS, whichever JDK the other half comes from. */
#ifndef BW_JNI_MD_H
#define BW_JNI_MD_H

#define JNIEXPORT __attribute__((visibility("default")))
#define JNIIMPORT
#define JNICALL

typedef int jint;
#if defined(__LP64__) && !defined(__APPLE__)
typedef long jlong;
#else
typedef long long jlong;
#endif
typedef signed char jbyte;

#endif
