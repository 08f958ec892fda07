#include <stdlib.h>
#include <sys/mman.h>

#include "key/record.h"
#include "store/ahead.h"
#include "unit.h"

#define PAGE ((size_t)4096)

/* A page with nothing readable before and behind it. */
static uint8_t *lonely_page(void) {
    uint8_t *pages = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
    return pages + PAGE;
}

static void put16(uint8_t *at, unsigned number) {
    at[0] = (uint8_t)number;
    at[1] = (uint8_t)(number >> 8);
}

/* Whether all of a record at this place can be read. */
static bool is_within(const void *row, const uint8_t *page) {
    const uint8_t *at = row;
    return !at || (at >= page && at + BT_RECORD_SIZE <= page + PAGE);
}

/* Writes a leaf with a record at this place, as LMDB has it. */
static void put_leaf(uint8_t *page, size_t at, uint64_t slot) {
    memset(page, 0, PAGE);
    put16(page + 10, 2);
    put16(page + 12, 16 + 2);
    put16(page + 16, (unsigned)at);
    put16(page + at, BT_RECORD_SIZE);
    put16(page + at + 6, sizeof slot);
    memcpy(page + at + 8, &slot, sizeof slot);
}

START_TEST(what_another_transaction_saw_or_a_row_that_is_no_record_is_taken_for_an_answer) {
    const size_t last = PAGE - 16 - BT_RECORD_SIZE;
    uint8_t *page = lonely_page();
    const uint64_t slot = 77;
    const void *row;
    bt_ahead ahead;
    bt_ahead_init(&ahead, 1, PAGE);
    put_leaf(page, last, slot);
    bt_ahead_learn(&ahead, 5, slot, page + last + 16);
    bt_ahead_fetch(&ahead, 5, &slot, 1, &row);
    ck_assert_ptr_eq(row, page + last + 16);
    bt_ahead_fetch(&ahead, 6, &slot, 1, &row);
    ck_assert_ptr_null(row);
    static const unsigned fields[] = {0, 2, 4,
                                      6}; /* size, its upper half, flags, size of the key */
    for (size_t i = 0; i < 4; i++) {
        put_leaf(page, last, slot);
        page[last + fields[i]] ^= 1;
        bt_ahead_fetch(&ahead, 5, &slot, 1, &row);
        ck_assert_ptr_null(row);
    }
    put_leaf(page, last + 2, slot);
    bt_ahead_fetch(&ahead, 5, &slot, 1, &row);
    ck_assert_ptr_null(row);
    bt_ahead_clear(&ahead);
    munmap(page - PAGE, 3 * PAGE);
}
END_TEST

START_TEST(a_page_that_is_something_else_by_now_is_not_read_past_its_end) {
    uint8_t *page = lonely_page();
    bt_ahead ahead;
    bt_ahead_init(&ahead, 1, PAGE);
    srandom(1);
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < PAGE; i++) page[i] = (uint8_t)random();
        if (round % 2) put16(page + 10, 2); /* a leaf by its flags, and by nothing else */
        if (round % 4 == 3) put16(page + 12, (unsigned)random() % (unsigned)PAGE);
        uint64_t slots[40];
        for (size_t i = 0; i < 40; i++) {
            slots[i] = (uint64_t)random() << 40 ^ (uint64_t)random();
            bt_ahead_learn(&ahead, 1, slots[i], page + random() % (long)PAGE);
        }
        const void *rows[40];
        bt_ahead_fetch(&ahead, 1, slots, 40, rows);
        for (size_t i = 0; i < 40; i++) ck_assert(is_within(rows[i], page));
    }
    bt_ahead_clear(&ahead);
    munmap(page - PAGE, 3 * PAGE);
}
END_TEST

START_TEST(nothing_is_fetched_without_memory_or_knowledge) {
    const uint64_t slots[] = {0, 1, UINT64_MAX};
    bt_ahead ahead = {0};
    const void *rows[3] = {slots, slots, slots};
    bt_ahead_learn(&ahead, 1, 1, &ahead);
    bt_ahead_fetch(&ahead, 1, slots, 3, rows);
    for (size_t i = 0; i < 3; i++) ck_assert_ptr_null(rows[i]);
    bt_ahead_init(&ahead, SIZE_MAX, PAGE);
    bt_ahead_fetch(&ahead, 1, slots, 3, rows);
    bt_ahead_fetch(&ahead, 1, slots, 0, rows);
    for (size_t i = 0; i < 3; i++) ck_assert_ptr_null(rows[i]);
    bt_ahead_clear(&ahead);
}
END_TEST

UNIT_MAIN("ahead", what_another_transaction_saw_or_a_row_that_is_no_record_is_taken_for_an_answer,
          a_page_that_is_something_else_by_now_is_not_read_past_its_end,
          nothing_is_fetched_without_memory_or_knowledge)
