// How loops are compiled. With glibc and GCC it is one build for all processors, of which the widest
// version that this one can run is chosen at import. Elsewhere it is the one that the build asks for.
#pragma once
#include <stdint.h>  // says whether there is glibc

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && __GNUC__ >= 12
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#if defined(__GNUC__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define RESTRICT __restrict__
#else
#define ALWAYS_INLINE inline
#define RESTRICT
#endif
