/* Files that an operator writes (route table, catalogue), read into a small tree. It is the plain part of YAML:
 * maps, lists and text, in one document. Anchors, aliases, tags, merge keys, duplicate keys and control characters
 * are refused, so that a file means what it shows and never grows when it is read. */
#ifndef BT_YAML_YAML_H
#define BT_YAML_YAML_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

#define BT_YAML_FILE_MAX ((size_t)1 << 20)
#define BT_YAML_DEPTH_MAX 16u
#define BT_YAML_CHILDREN_MAX 4096u
/* An arena of this size is enough for a file of `size` bytes. */
#define BT_YAML_ARENA(size) ((size)*64 + 4096)

typedef enum bt_yaml_type { BT_YAML_TEXT, BT_YAML_LIST, BT_YAML_MAP } bt_yaml_type;

typedef struct bt_yaml bt_yaml;

struct bt_yaml {
    bt_yaml_type type;
    bool quoted;   /* TEXT: was in quotes, so `"true"` is text */
    unsigned line; /* where it begins, from 1; a child of a map begins with its name */
    unsigned column;
    size_t count;   /* of children */
    bt_bytes name;  /* in a map: the key */
    bt_bytes text;  /* TEXT: printable UTF-8 */
    bt_yaml *first; /* LIST, MAP: children in the order of the file */
    bt_yaml *next;  /* the next child of the same parent */
};

/* The tree lives in the arena. BT_ERR_INVALID, with "line N, column N: ..." in the fault; BT_ERR_EXHAUSTED where file or arena
 * is too small for it. Not for hot paths: the parser allocates. */
bt_err bt_yaml_parse(bt_bytes file, bt_arena *arena, const bt_yaml **ret_root, bt_fault *fault);

/* The child of a map; NULL where there is none, or no map. */
const bt_yaml *bt_yaml_get(const bt_yaml *map, const char *name);

/* That a node is a map and has no other children than the names, a list ended by NULL. `what` it is, is for the
 * message: "line 4, column 3: `scope` is not a field of a route; the fields are ...". */
bt_err bt_yaml_check_map(const bt_yaml *node, const char *what, const char *const names[],
                         bt_fault *fault);

/* The value of a child, or what the caller set before where it is absent. Text: 1 to `max` bytes. Bool: true or
 * false, not in quotes. `what` is for the message. */
bt_err bt_yaml_get_bool(const bt_yaml *map, const char *name, bool *value, bt_fault *fault);
bt_err bt_yaml_get_text(const bt_yaml *map, const char *name, size_t max, bt_bytes *value,
                        bt_fault *fault);

/* A list of texts, or one text alone, as an array in the arena. An empty list gives count 0. */
bt_err bt_yaml_texts(const bt_yaml *node, size_t count_max, size_t text_max, bt_arena *arena,
                     const bt_bytes **ret_texts, size_t *ret_count, bt_fault *fault);

/* Fills the fault with "line N, column N: ..." */
bt_err bt_yaml_fail(const bt_yaml *node, bt_fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
