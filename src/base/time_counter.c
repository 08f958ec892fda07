#include "base/time_counter.h"

#define DECADE(ns) (ns), 2 * (ns), 5 * (ns)
static const uint64_t bounds_ns[BT_TIME_BUCKETS] = {
    DECADE(UINT64_C(1000)),    DECADE(UINT64_C(10000)),    DECADE(UINT64_C(100000)),
    DECADE(UINT64_C(1000000)), DECADE(UINT64_C(10000000)), DECADE(UINT64_C(100000000)),
    UINT64_C(1000000000),
};

uint64_t bt_time_bound_ns(size_t bucket) {
    return bounds_ns[bucket];
}

void bt_time_count(bt_time_counter *counter, uint64_t times, int64_t time_ns) {
    uint64_t time = time_ns > 0 ? (uint64_t)time_ns : 0;
    size_t bucket = 0;
    while (bucket < BT_TIME_BUCKETS && time > bounds_ns[bucket]) bucket++;
    atomic_fetch_add_explicit(&counter->buckets[bucket], times, memory_order_relaxed);
    atomic_fetch_add_explicit(&counter->sum_ns, times * time, memory_order_relaxed);
}

void bt_time_add(const bt_time_counter *counter, bt_time_sum *sum) {
    for (size_t i = 0; i <= BT_TIME_BUCKETS; i++)
        sum->buckets[i] += atomic_load_explicit(&counter->buckets[i], memory_order_relaxed);
    sum->sum_ns += atomic_load_explicit(&counter->sum_ns, memory_order_relaxed);
}
