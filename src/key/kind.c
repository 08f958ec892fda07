#include "key/kind.h"

static const char *const names[] = {NULL, "backend", "personal", "org", "generic"};

const char *bt_kind_name(bt_kind kind) {
    return kind >= BT_KIND_BACKEND && kind <= BT_KIND_LAST ? names[kind] : NULL;
}

bt_kind bt_kind_find(bt_bytes name) {
    for (int kind = BT_KIND_BACKEND; kind <= BT_KIND_LAST; kind++)
        if (bt_bytes_equal(bt_bytes_text(names[kind]), name)) return (bt_kind)kind;
    return (bt_kind)0;
}
