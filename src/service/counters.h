/* What has been counted: one set for each thread that serves, added up when somebody asks. Counting takes no lock, and
 * is never a write to the store. */
#ifndef BT_SERVICE_COUNTERS_H
#define BT_SERVICE_COUNTERS_H

#include "base/time_counter.h"
#include "decide/decide.h"

#define BT_COUNTED_METHODS_MAX 48u
#define BT_COUNTED_CODES 17u /* of gRPC: 0 to 16 */
#define BT_REASONS 14u

typedef struct bt_method_counter {
    _Atomic(const char *) path; /* "/package.Service/Method"; NULL: this place is free */
    _Atomic uint64_t started;
    _Atomic uint64_t codes[BT_COUNTED_CODES]; /* of those that have ended */
    bt_time_counter time;
} bt_method_counter;

typedef struct bt_counters bt_counters;
struct bt_counters {
    bt_counters *next;
    _Atomic uint64_t decisions[BT_REASONS]; /* by reason */
    bt_method_counter methods[BT_COUNTED_METHODS_MAX];
};

/* All sets of a service. Sets are added, and freed with the list. */
typedef struct bt_counters_list {
    _Atomic(bt_counters *) first;
} bt_counters_list;

/* NULL without memory. From any thread. */
bt_counters *bt_counters_add(bt_counters_list *list);
void bt_counters_free_all(bt_counters_list *list);

/* These take NULL, and count nothing. */
void bt_count_decision(bt_counters *counters, bt_reason reason);
/* A call whose request is there, by the set's own thread. path: as below. */
void bt_count_started(bt_counters *counters, const char *path);
/* Calls that have ended alike. path: a static text, told from others by its address. From any thread. */
void bt_count_calls(bt_counters *counters, const char *path, unsigned code, uint64_t calls,
                    int64_t each_ns);

#endif
