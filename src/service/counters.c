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

/* What a set's own thread alone counts: no other write can come between these. */
static void count_one(_Atomic uint64_t *counter) {
    uint64_t count = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, count + 1, memory_order_relaxed);
}

void bt_count_decision(bt_counters *counters, bt_reason reason) {
    if (counters && (unsigned)reason < BT_REASONS) count_one(&counters->decisions[reason]);
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

void bt_count_started(bt_counters *counters, const char *path) {
    bt_method_counter *method = counters ? find(counters, path) : NULL;
    if (method) count_one(&method->started);
}

void bt_count_calls(bt_counters *counters, const char *path, unsigned code, uint64_t calls,
                    int64_t each_ns) {
    if (!counters || code >= BT_COUNTED_CODES) return;
    bt_method_counter *method = find(counters, path);
    if (!method) return;
    atomic_fetch_add_explicit(&method->codes[code], calls, memory_order_relaxed);
    bt_time_count(&method->time, calls, each_ns);
}
