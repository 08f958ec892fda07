#include <stdint.h>

#include "h2/buffer.h"
#include "unit.h"

START_TEST(an_account_gets_no_more_than_its_limit) {
    bt_h2_pool pool;
    bt_h2_pool_init(&pool, 1 << 20);
    bt_h2_account account = {&pool, 0, 10000};
    void *given[1000];
    size_t count = 0;
    while ((given[count] = bt_h2_alloc(&account, 100)) != NULL) count++;
    ck_assert_uint_ge(count, 30);
    ck_assert_uint_le(count, 100);
    ck_assert_uint_le(account.used, account.limit);
    bt_h2_account other = {&pool, 0, 10000};
    void *more = bt_h2_alloc(&other, 100);
    ck_assert_ptr_nonnull(more);
    bt_h2_free(&other, more);
    while (count) bt_h2_free(&account, given[--count]);
    ck_assert_uint_eq(account.used, 0);
    ck_assert_uint_eq(pool.used, 0);
    bt_h2_pool_clear(&pool);
}
END_TEST

START_TEST(all_accounts_together_get_no_more_than_the_pool) {
    bt_h2_pool pool;
    bt_h2_pool_init(&pool, 8192);
    bt_h2_account one = {&pool, 0, SIZE_MAX}, two = {&pool, 0, SIZE_MAX};
    void *first = bt_h2_alloc(&one, 6000);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(bt_h2_alloc(&two, 6000));
    bt_h2_free(&one, first);
    void *second = bt_h2_alloc(&two, 6000);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_le(pool.used, pool.limit);
    bt_h2_free(&two, second);
    bt_h2_pool_clear(&pool);
}
END_TEST

START_TEST(sizes_that_overflow_are_refused) {
    bt_h2_pool pool;
    bt_h2_pool_init(&pool, (size_t)1 << 40);
    bt_h2_account account = {&pool, 0, SIZE_MAX};
    nghttp2_mem mem = bt_h2_account_mem(&account);
    ck_assert_ptr_null(mem.malloc(SIZE_MAX, mem.mem_user_data));
    ck_assert_ptr_null(mem.calloc(SIZE_MAX / 2, 3, mem.mem_user_data));
    ck_assert_ptr_null(mem.calloc(2, SIZE_MAX / 2 + 1, mem.mem_user_data));
    ck_assert_uint_eq(pool.used, 0);
    bt_h2_pool_clear(&pool);
}
END_TEST

START_TEST(blocks_of_every_size_hold_what_they_were_asked_for) {
    bt_h2_pool pool;
    bt_h2_pool_init(&pool, (size_t)1 << 40);
    bt_h2_account account = {&pool, 0, SIZE_MAX};
    for (size_t round = 0; round < 2; round++) {
        for (size_t size = 0; size < 9000; size += 41) {
            uint8_t *data = bt_h2_alloc(&account, size);
            ck_assert_uint_eq((uintptr_t)data % _Alignof(max_align_t), 0);
            memset(data, 0xaa, size);
            data = bt_h2_resize(&account, data, size * 2 + 1);
            memset(data + size, 0xbb, size + 1);
            for (size_t i = 0; i < size; i++)
                if (data[i] != 0xaa) ck_abort_msg("lost at %zu of %zu", i, size);
            bt_h2_free(&account, data);
        }
    }
    ck_assert_uint_eq(account.used, 0);
    bt_h2_pool_clear(&pool);
}
END_TEST

START_TEST(a_buffer_grows_to_its_accounts_limit_and_no_further) {
    bt_h2_pool pool;
    bt_h2_pool_init(&pool, (size_t)1 << 40);
    bt_h2_account account = {&pool, 0, 20000};
    bt_h2_buffer buffer;
    bt_h2_buffer_init(&buffer);
    size_t size = 0;
    while (bt_h2_buffer_append(&buffer, &account, BT_LITERAL("0123456789"))) size += 10;
    ck_assert_uint_ge(size, 5000);
    ck_assert_uint_le(size, 20000);
    ck_assert_uint_eq(buffer.size, size);
    for (size_t i = 0; i < size; i++) ck_assert_int_eq(buffer.data[i], '0' + (int)(i % 10));
    ck_assert(!bt_h2_buffer_reserve(&buffer, &account, SIZE_MAX));
    bt_h2_buffer_clear(&buffer, &account);
    ck_assert_uint_eq(account.used, 0);
    bt_h2_pool_clear(&pool);
}
END_TEST

START_TEST(a_buffer_wipes_what_it_held) {
    bt_h2_pool pool;
    bt_h2_pool_init(&pool, (size_t)1 << 40);
    bt_h2_account account = {&pool, 0, 20000};
    bt_h2_buffer buffer;
    bt_h2_buffer_init(&buffer);
    ck_assert(bt_h2_buffer_append(&buffer, &account, BT_LITERAL("secret")));
    bt_h2_buffer_clear(&buffer, &account);
    ck_assert_mem_eq(buffer.space, "\0\0\0\0\0\0", 6);
    ck_assert(bt_h2_buffer_append(&buffer, &account, BT_LITERAL("secret")));
    ck_assert(bt_h2_buffer_reserve(&buffer, &account, BT_H2_BUFFER_INLINE));
    ck_assert_mem_eq(buffer.space, "\0\0\0\0\0\0", 6);
    ck_assert_mem_eq(buffer.data, "secret", 6);
    bt_h2_buffer_clear(&buffer, &account);
    bt_h2_pool_clear(&pool);
}
END_TEST

UNIT_MAIN("pool", an_account_gets_no_more_than_its_limit,
          all_accounts_together_get_no_more_than_the_pool, sizes_that_overflow_are_refused,
          blocks_of_every_size_hold_what_they_were_asked_for,
          a_buffer_grows_to_its_accounts_limit_and_no_further, a_buffer_wipes_what_it_held)
