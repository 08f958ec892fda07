#include <stdlib.h>
#include <sys/mman.h>

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
            bt_ahead_learn(&ahead, slots[i], page + random() % (long)PAGE);
        }
        bt_ahead_fetch(&ahead, slots, 40);
    }
    bt_ahead_clear(&ahead);
    munmap(page - PAGE, 3 * PAGE);
}
END_TEST

START_TEST(nothing_is_fetched_without_memory_or_knowledge) {
    const uint64_t slots[] = {0, 1, UINT64_MAX};
    bt_ahead ahead = {0};
    bt_ahead_learn(&ahead, 1, &ahead);
    bt_ahead_fetch(&ahead, slots, 3);
    bt_ahead_init(&ahead, SIZE_MAX, PAGE);
    bt_ahead_fetch(&ahead, slots, 3);
    bt_ahead_fetch(&ahead, slots, 0);
    bt_ahead_clear(&ahead);
}
END_TEST

UNIT_MAIN("ahead", a_page_that_is_something_else_by_now_is_not_read_past_its_end,
          nothing_is_fetched_without_memory_or_knowledge)
