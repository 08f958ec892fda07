#include "base/arena.h"
#include "base/clock.h"
#include "unit.h"

START_TEST(an_arena_never_gives_more_than_its_block) {
    uint8_t block[64];
    bt_arena arena;
    bt_arena_init(&arena, block, sizeof block);
    size_t given = 0;
    for (uint8_t *at; (at = bt_arena_alloc(&arena, 5)) != NULL; given++) {
        ck_assert_uint_eq((uintptr_t)at % 16, 0);
        ck_assert(at >= block && at + 5 <= block + sizeof block);
    }
    ck_assert_uint_ge(given, 3);
    ck_assert_ptr_null(bt_arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(bt_arena_text(&arena, bt_bytes_of(block, SIZE_MAX)));
    bt_arena_reset(&arena);
    ck_assert_ptr_nonnull(bt_arena_alloc(&arena, 32));
}
END_TEST

START_TEST(text_is_copied_and_ended) {
    uint8_t block[64];
    bt_arena arena;
    bt_arena_init(&arena, block, sizeof block);
    ck_assert_str_eq(bt_arena_text(&arena, BT_LITERAL("abc")), "abc");
    ck_assert_str_eq(bt_arena_text(&arena, (bt_bytes){0}), "");
}
END_TEST

START_TEST(times_are_written_as_rfc_3339) {
    char text[25];
    bt_clock_format(0, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
    bt_clock_format(BT_LAST_MS, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
    bt_clock_format(BT_NEVER_MS, text);
    ck_assert_str_eq(text, "never");
}
END_TEST

UNIT_MAIN("arena", an_arena_never_gives_more_than_its_block, text_is_copied_and_ended,
          times_are_written_as_rfc_3339)
