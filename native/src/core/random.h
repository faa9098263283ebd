/* Counter-based random numbers: the value depends only on (seed, stream, counter), never on the order of calls. */
#ifndef BW_CORE_RANDOM_H
#define BW_CORE_RANDOM_H

#include <stdint.h>

/* SplitMix64 finaliser (Steele et al. 2014) applied twice over the mixed key. */
static inline uint64_t bw_random(uint64_t seed, uint64_t stream, uint64_t counter) {
    uint64_t x = seed + 0x9e3779b97f4a7c15u * (stream + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x = (x ^ (x >> 31)) + 0x9e3779b97f4a7c15u * (counter + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Uniform in [0, n), n < 2^32 (multiply-shift; bias below 2^-32). */
static inline uint32_t bw_random_below(uint64_t random, uint32_t n) {
    return (uint32_t)(((random >> 32) * (uint64_t)n) >> 32);
}

#endif
