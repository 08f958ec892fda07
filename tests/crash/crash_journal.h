/* What crash_shim.c has noted of a program that was killed, for crash_rollback.c to take away what a power
 * failure could have taken: a file that both map. */
#ifndef BT_TESTS_CRASH_JOURNAL_H
#define BT_TESTS_CRASH_JOURNAL_H

#include <stdint.h>

#define JOURNAL_MAGIC UINT64_C(0x6c6e726a68737263)
#define JOURNAL_SIZE (UINT64_C(256) << 20) /* sparse */
#define JOURNAL_PATH_SIZE 1024

typedef struct journal {
    uint64_t magic;
    /* Bytes of records that follow; each stands for a write that was not synced. Raised before the write is
     * made, lowered after the sync was. */
    uint64_t used;
    int64_t synced_size; /* of the file */
    /* The store was moved from `from` to `to`, and the directory not synced since. */
    uint32_t move_unsynced;
    uint32_t reserved;
    uint64_t writes, syncs, moves; /* so that a test can tell that they were seen */
    char from[JOURNAL_PATH_SIZE];
    char to[JOURNAL_PATH_SIZE]; /* where the file is now */
} journal;

/* Then as many bytes as there were in the file before the write, which are `had` of `size`. */
typedef struct journal_record {
    int64_t offset;
    uint64_t size;
    uint64_t had;
} journal_record;

#endif
