/* How often something took how long: a histogram that is written without a lock, and read by whoever asks. */
#ifndef BT_BASE_TIME_COUNTER_H
#define BT_BASE_TIME_COUNTER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Upper bounds of the buckets: 1, 2, 5, 10, ... microseconds to 1 second. */
#define BT_TIME_BUCKETS 19u

typedef struct bt_time_counter {
    _Atomic uint64_t buckets[BT_TIME_BUCKETS + 1]; /* the last: longer than every bound */
    _Atomic uint64_t sum_ns;
} bt_time_counter;

/* What was counted so far, each bucket by itself. */
typedef struct bt_time_sum {
    uint64_t buckets[BT_TIME_BUCKETS + 1], sum_ns;
} bt_time_sum;

/* Something took this long, that many times. A time below nothing counts as none. From any thread. */
void bt_time_count(bt_time_counter *counter, uint64_t times, int64_t time_ns);

/* Adds what has been counted to a sum. From any thread. */
void bt_time_add(const bt_time_counter *counter, bt_time_sum *sum);

/* The bound of a bucket in nanoseconds. */
uint64_t bt_time_bound_ns(size_t bucket);

#endif
