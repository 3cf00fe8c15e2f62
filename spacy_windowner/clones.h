// How loops are compiled: one build for all processors, of which the widest version that this one
// can run is chosen at import. Elsewhere than on Linux it is the one that the build asks for.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
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
