/* The kinds of key. Values are those of bitting.v1.KeyKind and of the record. */
#ifndef BT_KEY_KIND_H
#define BT_KEY_KIND_H

#include "base/bytes.h"

typedef enum bt_kind {
    BT_KIND_BACKEND = 1,
    BT_KIND_PERSONAL = 2,
    BT_KIND_ORG = 3,
    BT_KIND_GENERIC = 4,
} bt_kind;

#define BT_KIND_LAST BT_KIND_GENERIC

/* "backend", ...; NULL for a value that is no kind. */
const char *bt_kind_name(bt_kind kind);
/* 0 for a name that is none. */
bt_kind bt_kind_find(bt_bytes name);

#endif
