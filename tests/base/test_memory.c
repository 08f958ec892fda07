#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "unit.h"

/* Small enough not to be mapped alone, many enough for 200 MB. */
#define PIECE ((size_t)20000)
#define PIECES 10000u

/* Sanitizers and valgrind have allocators of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OURS false
#else
#define OURS (!getenv("BITTING_VALGRIND"))
#endif

static void *pieces[PIECES];

static size_t resident(void) {
    unsigned long total, pages;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%lu %lu", &total, &pages), 2);
    fclose(file);
    return pages * 4096;
}

static void take(void) {
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = malloc(PIECE);
        ck_assert_ptr_nonnull(pieces[i]);
        memset(pieces[i], 1, PIECE);
    }
}

/* The last piece stays, and with it everything below it in the heap. */
static void give(void) {
    for (size_t i = 0; i + 1 < PIECES; i++) free(pieces[i]);
}

START_TEST(what_a_burst_took_is_given_back_each_time) {
    if (!OURS) return;
    bt_memory memory = {0};
    size_t before = resident();
    bt_memory_tidy(&memory);
    for (int burst = 0; burst < 4; burst++) {
        take();
        if (burst % 2) ck_assert(!bt_memory_tidy(&memory)); /* or nobody looks meanwhile */
        give();
        ck_assert_uint_gt(resident(), before + (150u << 20));
        ck_assert(bt_memory_tidy(&memory));
        ck_assert_uint_lt(resident(), before + (20u << 20));
        ck_assert(!bt_memory_tidy(&memory));
    }
}
END_TEST

START_TEST(what_is_used_again_and_again_is_left_alone) {
    if (!OURS) return;
    bt_memory memory = {0};
    free(malloc(PIECE));
    bt_memory_tidy(&memory);
    for (int i = 0; i < 100; i++) {
        void *piece = malloc(1 << 20);
        ck_assert_ptr_nonnull(piece);
        ck_assert(!bt_memory_tidy(&memory));
        free(piece);
        ck_assert(!bt_memory_tidy(&memory));
    }
}
END_TEST

UNIT_MAIN("memory", what_a_burst_took_is_given_back_each_time,
          what_is_used_again_and_again_is_left_alone)
