/* Times in nanoseconds, counted in buckets that are 1/64 wide of what they hold. */
#ifndef BT_TESTS_HISTOGRAM_H
#define BT_TESTS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HISTOGRAM_PARTS 64
#define HISTOGRAM_BUCKETS (HISTOGRAM_PARTS * 48)

typedef struct histogram {
    uint64_t count, buckets[HISTOGRAM_BUCKETS];
} histogram;

static inline void histogram_clear(histogram *of) {
    memset(of, 0, sizeof *of);
}

static inline size_t histogram_bucket(uint64_t value) {
    if (value < HISTOGRAM_PARTS) return (size_t)value;
    unsigned shift = (unsigned)(63 - __builtin_clzl(value)) - 6;
    size_t bucket =
        (size_t)(shift + 1) * HISTOGRAM_PARTS + (size_t)(value >> shift) % HISTOGRAM_PARTS;
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static inline void histogram_add(histogram *of, int64_t value) {
    of->count++;
    of->buckets[histogram_bucket(value > 0 ? (uint64_t)value : 0)]++;
}

static inline uint64_t histogram_value(size_t bucket) {
    if (bucket < HISTOGRAM_PARTS) return bucket;
    size_t shift = bucket / HISTOGRAM_PARTS - 1;
    return (uint64_t)(HISTOGRAM_PARTS + bucket % HISTOGRAM_PARTS) << shift;
}

/* part: 0.99 for the 99th percentile. */
static inline uint64_t histogram_at(const histogram *of, double part) {
    uint64_t left = (uint64_t)((double)of->count * part);
    for (size_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        if (of->buckets[bucket] > left) return histogram_value(bucket);
        left -= of->buckets[bucket];
    }
    return 0;
}

#endif
