#include "store/ahead.h"

#include <stdlib.h>
#include <string.h>

#include "key/record.h"

/* Look-ups that are under way at a time: more than a core can wait for. */
#define GROUP 32u
#define LINE 64u
/* Records to one place in pages, about: a page holds some 20 to 30. */
#define RECORDS_PER_PLACE 4u
/* Places that one page is taken to cover, at most: those of a tree that grew since. */
#define PLACES_MAX 64u
#define BITS_MIN 10u
#define BITS_MAX 20u /* 16 MiB, of which those are in memory that are used */

/* A page of LMDB 0.9 (mdb.c: MDB_page, MDB_node), on little-endian machines of 64 bits. */
#define FLAGS_AT 10u
#define LOWER_AT 12u
#define HEADER 16u
#define NODE_HEADER 8u
#define P_LEAF 2u

/* One look-up on its way through a page. */
typedef struct search {
    uint64_t slot;
    const uint8_t *page; /* NULL: it has ended */
    bool current;        /* the page is of this transaction */
    unsigned low, high;  /* nodes that are left, high is not one of them */
    unsigned probe;      /* where the node lies that was fetched */
} search;

void bt_ahead_init(bt_ahead *ahead, size_t records, size_t page_size) {
    unsigned bits = BITS_MIN;
    while (bits < BITS_MAX && (size_t)1 << bits < records / RECORDS_PER_PLACE) bits++;
    ahead->shift = 64 - bits;
    ahead->page_size = page_size;
    ahead->pages = calloc((size_t)1 << bits, sizeof *ahead->pages);
}

void bt_ahead_clear(bt_ahead *ahead) {
    free(ahead->pages);
    ahead->pages = NULL;
}

static unsigned read16(const uint8_t *at) {
    uint16_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

/* The nodes of a leaf; 0 for what is none. */
static unsigned count_nodes(const uint8_t *page, size_t page_size) {
    unsigned lower = read16(page + LOWER_AT);
    if (read16(page + FLAGS_AT) != P_LEAF || lower > page_size - HEADER) return 0;
    return lower > HEADER ? (lower - HEADER) / 2 : 0;
}

/* The key of a node; false where it lies outside of the page. */
static bool read_key(const uint8_t *page, size_t page_size, unsigned node, uint64_t *ret_key) {
    unsigned at = read16(page + HEADER + (size_t)2 * node);
    if (at > page_size - NODE_HEADER - sizeof *ret_key) return false;
    memcpy(ret_key, page + at + NODE_HEADER, sizeof *ret_key);
    return true;
}

/* All that lies on the page is learned with it. */
void bt_ahead_learn(bt_ahead *ahead, size_t transaction, uint64_t slot, const void *row) {
    if (!ahead->pages) return;
    const uint8_t *page = (const uint8_t *)((uintptr_t)row & ~(uintptr_t)(ahead->page_size - 1));
    const bt_ahead_page seen = {page, transaction}, *known = &ahead->pages[slot >> ahead->shift];
    if (known->page == page && known->transaction == transaction) return;
    unsigned count = count_nodes(page, ahead->page_size);
    uint64_t first = slot, last = slot;
    if (count > 0 && read_key(page, ahead->page_size, 0, &first))
        read_key(page, ahead->page_size, count - 1, &last);
    bool sane = first <= slot && slot <= last && (last - first) >> ahead->shift < PLACES_MAX;
    ahead->pages[slot >> ahead->shift] = seen;
    for (uint64_t place = first >> ahead->shift; sane && place <= last >> ahead->shift; place++)
        ahead->pages[place] = seen;
}

/* As mdb_node_search has it: the same nodes must be looked at. */
static unsigned middle_of(const search *of) {
    return (of->low + of->high - 1) / 2;
}

/* Fetches the node in the middle of what is left. The page may be another by now, or be written to while we
 * read: then the search goes astray, but not out of the page. */
static void probe(search *of, size_t page_size) {
    if (of->low >= of->high) {
        of->page = NULL;
        return;
    }
    of->probe = read16(of->page + HEADER + (size_t)2 * middle_of(of));
    if (of->probe > page_size - NODE_HEADER - sizeof of->slot) {
        of->page = NULL;
        return;
    }
    __builtin_prefetch(of->page + of->probe);
    __builtin_prefetch(of->page + of->probe + NODE_HEADER);
}

static void begin(search *of, size_t page_size) {
    if (!of->page) return;
    of->low = 0;
    of->high = count_nodes(of->page, page_size);
    probe(of, page_size);
}

/* The row behind the node's header (size in two halves, flags, size of the key) and its key; NULL where it is none. */
static const void *find_row(const search *of, size_t page_size) {
    const uint8_t *node = of->page + of->probe;
    const size_t before = NODE_HEADER + sizeof of->slot;
    if (!of->current || of->probe + before + BT_RECORD_SIZE > page_size) return NULL;
    bool plain = read16(node) == BT_RECORD_SIZE && read16(node + 2) == 0 && read16(node + 4) == 0 &&
                 read16(node + 6) == sizeof of->slot;
    return plain ? node + before : NULL;
}

static void fetch_record(const search *of) {
    const uint8_t *node = of->page + of->probe;
    __builtin_prefetch(node + LINE);
    __builtin_prefetch(node + (size_t)2 * LINE - NODE_HEADER);
}

static void step(search *of, size_t page_size, const void **ret_row) {
    uint64_t key;
    if (!of->page) return;
    unsigned middle = middle_of(of);
    memcpy(&key, of->page + of->probe + NODE_HEADER, sizeof key);
    if (key == of->slot) {
        fetch_record(of);
        *ret_row = find_row(of, page_size);
        of->page = NULL;
        return;
    }
    if (key < of->slot)
        of->low = middle + 1;
    else
        of->high = middle;
    probe(of, page_size);
}

static void fetch_group(const bt_ahead *ahead, size_t transaction, const uint64_t *slots,
                        size_t count, const void **ret_rows) {
    search group[GROUP];
    for (size_t i = 0; i < count; i++) __builtin_prefetch(&ahead->pages[slots[i] >> ahead->shift]);
    for (size_t i = 0; i < count; i++) {
        const bt_ahead_page *known = &ahead->pages[slots[i] >> ahead->shift];
        group[i] = (search){
            .slot = slots[i], .page = known->page, .current = known->transaction == transaction};
        if (!known->page) continue;
        __builtin_prefetch(known->page);
        __builtin_prefetch(known->page + LINE);
    }
    for (size_t i = 0; i < count; i++) begin(&group[i], ahead->page_size);
    for (bool left = true; left;) {
        left = false;
        for (size_t i = 0; i < count; i++) {
            step(&group[i], ahead->page_size, &ret_rows[i]);
            left |= group[i].page != NULL;
        }
    }
}

void bt_ahead_fetch(const bt_ahead *ahead, size_t transaction, const uint64_t *slots, size_t count,
                    const void **ret_rows) {
    for (size_t i = 0; i < count; i++) ret_rows[i] = NULL;
    if (!ahead->pages || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) return;
    for (size_t at = 0; at < count; at += GROUP)
        fetch_group(ahead, transaction, slots + at, count - at < GROUP ? count - at : GROUP,
                    ret_rows + at);
}
