#include "service/counters.h"

#include <stdlib.h>

bt_counters *bt_counters_add(bt_counters_list *list) {
    bt_counters *counters = calloc(1, sizeof *counters);
    if (!counters) return NULL;
    counters->next = atomic_load(&list->first);
    while (!atomic_compare_exchange_weak(&list->first, &counters->next, counters)) continue;
    return counters;
}

void bt_counters_free_all(bt_counters_list *list) {
    bt_counters *counters = atomic_exchange(&list->first, NULL);
    while (counters) {
        bt_counters *next = counters->next;
        free(counters);
        counters = next;
    }
}

#define DECADE(ns) (ns), 2 * (ns), 5 * (ns)
static const uint64_t bounds_ns[BT_TIME_BUCKETS] = {
    DECADE(UINT64_C(1000)),    DECADE(UINT64_C(10000)),    DECADE(UINT64_C(100000)),
    DECADE(UINT64_C(1000000)), DECADE(UINT64_C(10000000)), DECADE(UINT64_C(100000000)),
    UINT64_C(1000000000),
};

uint64_t bt_time_bound_ns(size_t bucket) {
    return bounds_ns[bucket];
}

static void add(_Atomic uint64_t *counter, uint64_t value) {
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

/* A set's decisions are counted by its own thread alone: no other write can come between these. */
void bt_count_decision(bt_counters *counters, bt_reason reason) {
    if (!counters || (unsigned)reason >= BT_REASONS) return;
    _Atomic uint64_t *counter = &counters->decisions[reason];
    uint64_t count = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, count + 1, memory_order_relaxed);
}

static void count_time(bt_time_counter *counter, uint64_t time_ns) {
    size_t bucket = 0;
    while (bucket < BT_TIME_BUCKETS && time_ns > bounds_ns[bucket]) bucket++;
    add(&counter->buckets[bucket], 1);
    add(&counter->sum_ns, time_ns);
}

/* The place of a path; NULL where there are more paths than places. */
static bt_method_counter *find(bt_counters *counters, const char *path) {
    for (size_t i = 0; i < BT_COUNTED_METHODS_MAX; i++) {
        bt_method_counter *method = &counters->methods[i];
        const char *found = atomic_load_explicit(&method->path, memory_order_relaxed);
        if (found == path) return method;
        if (!found && atomic_compare_exchange_strong(&method->path, &found, path)) return method;
        if (found == path) return method; /* another thread was first, for the same path */
    }
    return NULL;
}

void bt_count_call(bt_counters *counters, const char *path, unsigned code, int64_t time_ns) {
    if (!counters || code >= BT_COUNTED_CODES) return;
    bt_method_counter *method = find(counters, path);
    if (!method) return;
    add(&method->codes[code], 1);
    count_time(&method->time, time_ns > 0 ? (uint64_t)time_ns : 0);
}
