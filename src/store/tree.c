#include "store/tree.h"

#include <assert.h>
#include <unistd.h>

/* Look-ups that are under way at a time: more than a core can wait for. */
#define GROUP 32u
#define LINE 64u
/* Of LMDB: no tree is deeper. */
#define DEPTH_MAX 32u

/* A page of LMDB 0.9 (mdb.c: MDB_page, MDB_node, MDB_db), on little-endian machines of 64 bits. */
#define FLAGS_AT 10u
#define LOWER_AT 12u
#define HEADER 16u
#define NODE_HEADER 8u
#define P_BRANCH 1u
#define P_LEAF 2u

/* The row of a table in LMDB's table of tables. */
typedef struct tree_row {
    uint32_t pad;
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
} tree_row;

static_assert(sizeof(tree_row) == 48, "MDB_db");

/* What keys compare by, in this order. */
typedef struct words {
    uint64_t high, low;
} words;

/* One look-up on its way down. */
typedef struct descent {
    words key;
    const uint8_t *page; /* NULL: it has ended */
    unsigned low, count; /* the node is low, or one after it of so many together */
    unsigned probe;      /* where the node in the middle of these lies */
} descent;

static unsigned read16(const uint8_t *at) {
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

static uint64_t read64(const uint8_t *at) {
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

/* What takes a size of keys is made for each of the two sizes. */
#define INLINE static inline __attribute__((always_inline))

INLINE words read_key(size_t key_size, const uint8_t *at) {
    if (key_size == sizeof(uint64_t)) return (words){.high = read64(at)};
    return (words){__builtin_bswap64(read64(at)), __builtin_bswap64(read64(at + 8))};
}

INLINE bool is_reached(size_t key_size, words key, words by) {
    if (key_size == sizeof(uint64_t)) return key.high <= by.high;
    return (key.high < by.high) | ((key.high == by.high) & (key.low <= by.low));
}

static bool is_known_layout(size_t page_size) {
    int major, minor, patch;
    mdb_version(&major, &minor, &patch);
    /* Pages are found by their rows, so they must lie at multiples of their size. */
    return major == 0 && minor == 9 && page_size <= (size_t)sysconf(_SC_PAGESIZE);
}

static bool is_same(const tree_row *row, const MDB_stat *stat) {
    return row->depth == stat->ms_depth && row->branch_pages == stat->ms_branch_pages &&
           row->leaf_pages == stat->ms_leaf_pages && row->entries == stat->ms_entries &&
           row->overflow_pages == stat->ms_overflow_pages;
}

bt_tree bt_tree_of(MDB_txn *txn, const bt_tables *tables, bt_table table, size_t key_size) {
    bt_tree none = {.map = NULL};
    bt_bytes bytes;
    tree_row row;
    MDB_stat stat;
    MDB_envinfo env;
    if (bt_table_get_tree(txn, tables, table, &bytes) || bytes.size != sizeof row) return none;
    if (mdb_stat(txn, tables->list[table], &stat) || mdb_env_info(mdb_txn_env(txn), &env))
        return none;
    memcpy(&row, bytes.data, sizeof row);
    if (!is_known_layout(stat.ms_psize) || !is_same(&row, &stat)) return none;
    if (row.depth == 0 || row.depth > DEPTH_MAX) return none;
    uint64_t mapped = env.me_mapsize / stat.ms_psize, used = env.me_last_pgno + 1;
    const uint8_t *page = bytes.data - ((uintptr_t)bytes.data & (stat.ms_psize - 1));
    return (bt_tree){.map = page - read64(page) * stat.ms_psize,
                     .page_size = stat.ms_psize,
                     .pages = used < mapped ? used : mapped,
                     .root = row.root,
                     .depth = row.depth,
                     .key_size = key_size};
}

static unsigned middle_of(const descent *of) {
    return of->low + of->count / 2;
}

/* Fetches the node in the middle of what is left. The first of a branch may have no key, and none is looked at. */
INLINE void aim(const bt_tree *tree, size_t key_size, descent *of) {
    unsigned middle = middle_of(of);
    of->probe = read16(of->page + HEADER + (size_t)2 * middle);
    if (of->probe + NODE_HEADER + (middle ? key_size : 0) > tree->page_size) {
        of->page = NULL;
        return;
    }
    __builtin_prefetch(of->page + of->probe + NODE_HEADER);
    if (key_size > sizeof(uint64_t))
        __builtin_prefetch(of->page + of->probe + NODE_HEADER + key_size - 1);
}

static void turn_to(const bt_tree *tree, descent *of, uint64_t number) {
    of->page = number < tree->pages ? tree->map + number * tree->page_size : NULL;
    if (!of->page) return;
    for (unsigned line = 0; line < 3; line++) __builtin_prefetch(of->page + line * LINE);
}

/* Returns how many nodes there are. */
INLINE unsigned enter(const bt_tree *tree, size_t key_size, unsigned flags, descent *of) {
    if (!of->page) return 0;
    unsigned lower = read16(of->page + LOWER_AT);
    bool sane =
        read16(of->page + FLAGS_AT) == flags && lower >= HEADER + 2 && lower <= tree->page_size;
    if (!sane) {
        of->page = NULL;
        return 0;
    }
    of->low = 0;
    of->count = (lower - HEADER) / 2;
    aim(tree, key_size, of);
    return of->count;
}

/* Without a branch on what is found: half of the time it would be foreseen wrongly. Of what is not reached one node too many
 * may be kept. */
INLINE void halve(const bt_tree *tree, size_t key_size, descent *of) {
    if (!of->page || of->count < 2) return;
    words key = read_key(key_size, of->page + of->probe + NODE_HEADER);
    unsigned half = of->count / 2;
    of->low += half & -(unsigned)is_reached(key_size, key, of->key);
    of->count -= half;
    aim(tree, key_size, of);
}

/* The header of a node is, of a branch, the number of the page below; of a leaf, the size of the row, flags,
 * and the size of the key. */
static void follow(const bt_tree *tree, descent *of) {
    if (of->page) turn_to(tree, of, read64(of->page + of->probe) & ((UINT64_C(1) << 48) - 1));
}

INLINE bt_bytes take(const bt_tree *tree, size_t key_size, const descent *of) {
    if (!of->page) return (bt_bytes){0};
    const uint8_t *node = of->page + of->probe;
    size_t size = read16(node) | (size_t)read16(node + 2) << 16;
    size_t before = NODE_HEADER + key_size;
    bool plain = size && of->probe + before + size <= tree->page_size && read16(node + 4) == 0 &&
                 read16(node + 6) == key_size;
    if (!plain) return (bt_bytes){0};
    words key = read_key(key_size, node + NODE_HEADER);
    if (key.high != of->key.high || key.low != of->key.low) return (bt_bytes){0};
    __builtin_prefetch(node + before + size / 2);
    __builtin_prefetch(node + before + size - 1);
    return bt_bytes_of(node + before, size);
}

/* All are as deep as each other at any time. */
INLINE void find_group(const bt_tree *tree, size_t key_size, const void *const *keys, size_t count,
                       bt_bytes *ret_rows) {
    descent group[GROUP];
    for (size_t i = 0; i < count; i++) {
        group[i].key = read_key(key_size, keys[i]);
        turn_to(tree, &group[i], tree->root);
    }
    for (unsigned level = 1; level <= tree->depth; level++) {
        bool leaf = level == tree->depth;
        unsigned most = 0;
        for (size_t i = 0; i < count; i++) {
            unsigned nodes = enter(tree, key_size, leaf ? P_LEAF : P_BRANCH, &group[i]);
            most = nodes > most ? nodes : most;
        }
        for (; most > 1; most -= most / 2)
            for (size_t i = 0; i < count; i++) halve(tree, key_size, &group[i]);
        for (size_t i = 0; i < count && !leaf; i++) follow(tree, &group[i]);
    }
    for (size_t i = 0; i < count; i++) ret_rows[i] = take(tree, key_size, &group[i]);
}

void bt_tree_find(const bt_tree *tree, const void *const *keys, size_t count, bt_bytes *ret_rows) {
    for (size_t at = 0; at < count; at += GROUP) {
        size_t size = count - at < GROUP ? count - at : GROUP;
        if (!tree->map)
            memset(ret_rows + at, 0, size * sizeof *ret_rows);
        else if (tree->key_size == sizeof(uint64_t))
            find_group(tree, sizeof(uint64_t), keys + at, size, ret_rows + at);
        else
            find_group(tree, 2 * sizeof(uint64_t), keys + at, size, ret_rows + at);
    }
}
