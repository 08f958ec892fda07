/* Labels of a key: pairs of text by which a team finds its keys again. */
#ifndef BT_KEY_LABEL_H
#define BT_KEY_LABEL_H

#include "base/bytes.h"

#define BT_LABELS_MAX 32u
#define BT_LABEL_KEY_MAX 63u
#define BT_LABEL_VALUE_MAX 255u

typedef struct bt_label {
    bt_bytes key;
    bt_bytes value;
} bt_label;

/* 1 to BT_LABEL_KEY_MAX of [A-Za-z0-9._/-] */
bool bt_label_key_ok(bt_bytes key);

#endif
