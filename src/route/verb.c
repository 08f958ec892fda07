#include "route/verb.h"

const char bt_verb_names[] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, any";

unsigned bt_verb_find(bt_bytes name) {
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (bt_bytes_equal(name, bt_bytes_text(names[i]))) return 1u << i;
    return bt_bytes_equal(name, BT_LITERAL("any")) ? BT_VERB_ANY : 0;
}

unsigned bt_verb_of(bt_bytes method) {
    if (method.size == 0 || method.size > 32) return 0;
    for (size_t i = 0; i < method.size; i++)
        if (!(method.data[i] >= 'A' && method.data[i] <= 'Z') && method.data[i] != '-') return 0;
    if (bt_bytes_equal(method, BT_LITERAL("CONNECT"))) return 0;
    if (bt_bytes_equal(method, BT_LITERAL("TRACE"))) return 0;
    unsigned named = bt_verb_find(method);
    return named ? named : BT_VERB_OTHER;
}
