/* Memory that was freed and is still resident. */
#ifndef BT_BASE_MEMORY_H
#define BT_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* One a process; starts as zeros. */
typedef struct bt_memory {
    size_t idle; /* bytes that were resident and not in use after the last time, or less since */
} bt_memory;

/* For a timer, every few seconds. The C library gives back to the system only what lies at the end of its
 * heaps; after a burst of connections and calls, what they had stays resident, many times what is in use.
 * Where that has grown by 16 MiB it is given back (malloc_trim), which takes milliseconds in which other
 * threads may wait. Whether it was. */
bool bt_memory_tidy(bt_memory *memory);

#endif
