#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/tree.h"
#include "unit.h"

#define PAGE ((size_t)4096)
#define KEYS 12000u
#define SMALL 1000u
#define LARGE 3000u /* a row of so many bytes gets pages of its own */

static const struct {
    bt_table table;
    size_t key_size;
} kinds[] = {{BT_TABLE_RECORD, 8}, {BT_TABLE_DETAIL, 16}};

/* LMDB alone, with our tables. */
static char path[512];
static MDB_env *env;
static bt_tables tables;

static MDB_txn *begin(unsigned flags) {
    MDB_txn *txn;
    ck_assert_int_eq(mdb_txn_begin(env, NULL, flags, &txn), 0);
    return txn;
}

static void open_env(void) {
    const char *parent = getenv("TMPDIR");
    snprintf(path, sizeof path, "%.400s/bitting-tree-XXXXXX", parent ? parent : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
    strcat(path, "/file");
    ck_assert_int_eq(mdb_env_create(&env), 0);
    ck_assert_int_eq(mdb_env_set_maxdbs(env, BT_TABLES), 0);
    ck_assert_int_eq(mdb_env_set_mapsize(env, (size_t)256 << 20), 0);
    ck_assert_int_eq(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS | MDB_NOSYNC, 0600), 0);
    MDB_txn *txn = begin(0);
    ck_assert_int_eq(bt_tables_open(txn, true, &tables), 0);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
}

static void close_env(void) {
    mdb_env_close(env);
    unlink(path);
    strcat(path, "-lock");
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

/* Key n of a table: digests are all over, ids begin with few different bytes. The first and the last that there can be
 * are among them. */
static void make_key(size_t key_size, uint64_t n, uint8_t ret_key[16]) {
    uint64_t word = (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
    memset(ret_key, n == 0 ? 0 : 0xFF, 16);
    if (n == 0 || n == KEYS - 1) return;
    if (key_size == 8) {
        memcpy(ret_key, &word, sizeof word);
        return;
    }
    uint64_t time = __builtin_bswap64(n / 100);
    memcpy(ret_key, &time, sizeof time);
    memcpy(ret_key + 8, &word, sizeof word);
}

static size_t random_size(void) {
    if (random() % 20 == 0) return LARGE + (size_t)random() % 6000;
    if (random() % 50 == 0) return 0;
    return 1 + (size_t)random() % (random() % 10 ? 120 : SMALL);
}

static void change(MDB_txn *txn, unsigned kind, uint64_t n, bool insert) {
    static uint8_t row[LARGE + 6000];
    uint8_t key[16];
    make_key(kinds[kind].key_size, n, key);
    bt_bytes name = bt_bytes_of(key, kinds[kind].key_size);
    memset(row, (int)random(), sizeof row);
    int rc = insert ? bt_table_put(txn, &tables, kinds[kind].table, name,
                                   bt_bytes_of(row, random_size()), 0)
                    : bt_table_delete(txn, &tables, kinds[kind].table, name);
    ck_assert(rc == 0 || rc == MDB_NOTFOUND);
}

static void change_some(size_t count, unsigned inserts_of_ten) {
    MDB_txn *txn = begin(0);
    for (size_t i = 0; i < count; i++) {
        bool insert = (unsigned)random() % 10 < inserts_of_ten;
        change(txn, (unsigned)i % 2, (uint64_t)random() % KEYS, insert);
    }
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
}

/* LMDB leaves a row in pages of its own, behind their header, where it has become small there. */
static bool is_in_leaf(bt_bytes row) {
    return row.size && (uintptr_t)row.data % PAGE != 16;
}

/* Returns how many there are. */
static size_t compare(MDB_txn *txn, unsigned kind) {
    static uint8_t keys[KEYS][16];
    static const void *list[KEYS];
    static bt_bytes found[KEYS];
    size_t there = 0, in_leaf = 0, wrong = 0, key_size = kinds[kind].key_size;
    bt_tree tree = bt_tree_of(txn, &tables, kinds[kind].table, key_size);
    for (size_t i = 0; i < KEYS; i++) {
        make_key(key_size, i, keys[i]);
        list[i] = keys[i];
    }
    bt_tree_find(&tree, list, KEYS, found);
    for (size_t i = 0; i < KEYS; i++) {
        bt_bytes row = {0};
        int rc =
            bt_table_get(txn, &tables, kinds[kind].table, bt_bytes_of(keys[i], key_size), &row);
        bool same = found[i].data == row.data && found[i].size == row.size;
        wrong += is_in_leaf(row) ? !same : found[i].data != NULL;
        there += rc == 0;
        in_leaf += is_in_leaf(row);
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_ge(in_leaf, there / 2);
    return there;
}

static void compare_both(MDB_txn *txn) {
    for (unsigned kind = 0; kind < 2; kind++) compare(txn, kind);
}

/* From no page at all to three levels of them, and back. */
START_TEST(another_row_is_found_than_by_lmdb) {
    open_env();
    srandom(1);
    unsigned rounds = getenv("BITTING_VALGRIND") ? 4 : 16;
    MDB_txn *old = begin(MDB_RDONLY);
    for (unsigned round = 0; round < rounds; round++) {
        MDB_txn *new = begin(MDB_RDONLY);
        compare_both(new);
        compare_both(old);
        mdb_txn_abort(round % 3 ? new : old);
        if (round % 3 == 0) old = new;
        change_some(round == 0 ? 1 : round == 1 ? 30 : round == 2 ? 4 * KEYS : 500, 7);
    }
    mdb_txn_abort(old);
    MDB_txn *last = begin(MDB_RDONLY);
    for (unsigned kind = 0; kind < 2; kind++) {
        ck_assert_uint_ge(bt_tree_of(last, &tables, kinds[kind].table, 8).depth, 3);
        ck_assert_uint_ge(compare(last, kind), KEYS / 2);
    }
    mdb_txn_abort(last);
    MDB_txn *txn = begin(0);
    for (uint64_t n = 0; n < KEYS; n++) change(txn, 0, n, false);
    ck_assert_int_eq(mdb_txn_commit(txn), 0);
    MDB_txn *empty = begin(MDB_RDONLY);
    ck_assert_uint_eq(compare(empty, 0), 0);
    ck_assert_uint_ge(compare(empty, 1), KEYS / 2);
    mdb_txn_abort(empty);
    close_env();
}
END_TEST

#define PAGES 8u

/* Pages with nothing readable before and behind them. */
static uint8_t *lonely_pages(void) {
    uint8_t *all = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(all, MAP_FAILED);
    ck_assert_int_eq(mprotect(all + PAGE, PAGES * PAGE, PROT_READ | PROT_WRITE), 0);
    return all + PAGE;
}

static void put16(uint8_t *at, unsigned number) {
    at[0] = (uint8_t)number;
    at[1] = (uint8_t)(number >> 8);
}

/* What could be a page, with nodes that lead anywhere and rows of any size. */
static void spoil(uint8_t *page, size_t key_size) {
    for (size_t i = 0; i < PAGE; i++) page[i] = (uint8_t)random();
    put16(page + 10, 1 + (unsigned)random() % 2);
    unsigned nodes = 1 + (unsigned)random() % (random() % 2 ? 2 : 60);
    if (random() % 8) put16(page + 12, 16 + 2 * nodes);
    for (unsigned i = 0; i < nodes; i++) {
        unsigned at = (unsigned)random() % (unsigned)(PAGE - 8);
        if (random() % 4 == 0) at = (unsigned)PAGE - 8 - (unsigned)random() % 32;
        put16(page + 16 + (size_t)2 * i, at);
        put16(page + at, (unsigned)random() % (random() % 2 ? PAGES + 1 : (unsigned)PAGE));
        put16(page + at + 2, 0);
        put16(page + at + 4, 0);
        put16(page + at + 6, (unsigned)key_size);
    }
}

static bool is_within_a_page(bt_bytes row, const uint8_t *pages) {
    if (!row.data) return true;
    size_t at = (size_t)(row.data - pages);
    return row.data >= pages && at < PAGES * PAGE && at % PAGE + row.size <= PAGE;
}

/* Keys that are somewhere in the pages, so that some are found. Returns how many were. */
static size_t find_any(const bt_tree *tree) {
    const void *keys[40];
    bt_bytes rows[40];
    size_t found = 0;
    for (size_t i = 0; i < 40; i++) {
        uint64_t number = i % 2 && tree->root < PAGES ? tree->root : (uint64_t)random() % PAGES;
        const uint8_t *page = tree->map + number * PAGE;
        keys[i] = page + ((size_t)page[16] | (size_t)page[17] << 8) % (PAGE - 24) + 8;
    }
    bt_tree_find(tree, keys, 40, rows);
    for (size_t i = 0; i < 40; i++) {
        ck_assert(is_within_a_page(rows[i], tree->map));
        found += rows[i].data != NULL;
    }
    return found;
}

START_TEST(damaged_pages_lead_out_of_the_map) {
    uint8_t *pages = lonely_pages();
    size_t found = 0;
    srandom(1);
    for (int round = 0; round < 500; round++) {
        bt_tree tree = {.map = pages,
                        .page_size = PAGE,
                        .pages = PAGES,
                        .root = (uint64_t)random() % (PAGES + 1),
                        .depth = 1 + (unsigned)random() % 4 / 2 * (unsigned)(random() % 3),
                        .key_size = round % 2 ? 8 : 16};
        for (size_t i = 0; i < PAGES; i++) spoil(pages + i * PAGE, tree.key_size);
        found += find_any(&tree);
    }
    ck_assert_uint_gt(found, 0);
    munmap(pages - PAGE, (PAGES + 2) * PAGE);
}
END_TEST

START_TEST(something_is_found_in_no_tree) {
    const uint64_t slots[] = {0, 1};
    const void *keys[] = {&slots[0], &slots[1]};
    const bt_tree none = {.map = NULL};
    bt_bytes rows[2] = {BT_LITERAL("a"), BT_LITERAL("b")};
    bt_tree_find(&none, keys, 0, rows);
    ck_assert_ptr_nonnull(rows[0].data);
    bt_tree_find(&none, keys, 2, rows);
    for (size_t i = 0; i < 2; i++) ck_assert_ptr_null(rows[i].data);
}
END_TEST

UNIT_MAIN("tree", another_row_is_found_than_by_lmdb, damaged_pages_lead_out_of_the_map,
          something_is_found_in_no_tree)
