#include "key/environment.h"

bool bt_environment_name_ok(bt_bytes name) {
    if (name.size == 0 || name.size > BT_ENVIRONMENT_NAME_MAX) return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool letter = c >= 'a' && c <= 'z';
        bool digit = c >= '0' && c <= '9';
        if (!letter && !(digit && i > 0)) return false;
    }
    return true;
}

bool bt_pepper_name_ok(bt_bytes name) {
    if (name.size == 0 || name.size > BT_PEPPER_NAME_MAX) return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool letter = c >= 'a' && c <= 'z';
        bool other = (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!letter && !(other && i > 0)) return false;
    }
    return true;
}

const bt_environment *bt_environment_find(const bt_environments *environments, bt_bytes name) {
    for (size_t i = 0; i < environments->count; i++)
        if (bt_bytes_equal(bt_bytes_text(environments->list[i].name), name))
            return &environments->list[i];
    return NULL;
}

const bt_environment *bt_environment_by_prefix(const bt_environments *environments,
                                               bt_bytes prefix) {
    for (size_t i = 0; i < environments->count; i++)
        if (bt_bytes_equal(bt_bytes_text(environments->list[i].prefix), prefix))
            return &environments->list[i];
    return NULL;
}

const bt_environment *bt_environment_by_id(const bt_environments *environments, uint8_t id) {
    for (size_t i = 0; i < environments->count; i++)
        if (environments->list[i].id == id) return &environments->list[i];
    return NULL;
}
