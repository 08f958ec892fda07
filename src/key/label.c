#include "key/label.h"

bool bt_label_key_ok(bt_bytes key) {
    static const char others[] = "._/-";
    if (key.size == 0 || key.size > BT_LABEL_KEY_MAX) return false;
    for (size_t i = 0; i < key.size; i++) {
        uint8_t c = key.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && !(c && strchr(others, c))) return false;
    }
    return true;
}
