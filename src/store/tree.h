/* Many look-ups in one table at a time. LMDB's own wait for one cache line after the other; these go down the tree
 * together, and what each reads next is fetched from memory while the others move on.
 *
 * It reads LMDB's pages by itself, in one transaction: they do not change as long as that is held. What it finds is what
 * LMDB finds. What it does not find may be there all the same (a row too large for a page), and LMDB is to be asked. */
#ifndef BT_STORE_TREE_H
#define BT_STORE_TREE_H

#include "store/tables.h"

/* A table as a transaction has it. */
typedef struct bt_tree {
    const uint8_t *map; /* page 0; NULL: nothing is found */
    size_t page_size;
    uint64_t pages; /* all numbers are below */
    uint64_t root;
    unsigned depth;
    size_t key_size; /* 8: a native integer; 16: bytes in their order */
} bt_tree;

/* Of a table of such keys. An empty one, and one of a layout that is not known, is a tree in which nothing is found. */
bt_tree bt_tree_of(MDB_txn *txn, const bt_tables *tables, bt_table table, size_t key_size);

/* keys: key_size bytes each. ret_rows: in the map; data is NULL where nothing was found. */
void bt_tree_find(const bt_tree *tree, const void *const *keys, size_t count, bt_bytes *ret_rows);

#endif
