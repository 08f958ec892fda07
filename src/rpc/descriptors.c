#include "rpc/descriptors.h"

/* An encoded google.protobuf.FileDescriptorSet, made by cmake/Protos.cmake. */
extern const uint8_t bt_descriptor_set[];
extern const size_t bt_descriptor_set_size;

/* Numbers of fields: https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto */
enum { SET_FILE = 1, NAME = 1, FILE_PACKAGE = 2, FILE_SERVICE = 6, ENUM_VALUE = 2 };

typedef enum bt_part { NOTHING, LEAF, FILE_, MESSAGE, ENUM, SERVICE } bt_part;

/* What a field of one part describes: children[kind][number]. */
static const uint8_t children[][16] = {
    [FILE_] = {[4] = MESSAGE, [5] = ENUM, [FILE_SERVICE] = SERVICE, [7] = LEAF},
    [MESSAGE] = {[2] = LEAF, [3] = MESSAGE, [4] = ENUM, [6] = LEAF, [8] = LEAF},
    [SERVICE] = {[2] = LEAF},
};

typedef struct bt_field {
    uint64_t number;
    bt_bytes bytes; /* of a number: none */
} bt_field;

/* protoc wrote what is read here, so every number is whole and every length right; there are only
 * numbers (wire type 0) and bytes (2). */
static uint64_t take_number(bt_bytes *rest) {
    uint64_t value = 0;
    for (unsigned shift = 0; rest->size; shift += 7) {
        uint8_t byte = *rest->data++;
        rest->size--;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) break;
    }
    return value;
}

static bool next_field(bt_bytes *rest, bt_field *ret_field) {
    if (!rest->size) return false;
    uint64_t tag = take_number(rest);
    uint64_t value = take_number(rest);
    *ret_field = (bt_field){.number = tag >> 3};
    if ((tag & 7) != 2) return true;
    ret_field->bytes = bt_bytes_of(rest->data, value);
    rest->data += value;
    rest->size -= value;
    return true;
}

static bt_bytes first(bt_bytes message, uint64_t number) {
    bt_field at;
    while (next_field(&message, &at))
        if (at.number == number) return at.bytes;
    return (bt_bytes){0};
}

static bt_bytes all(void) {
    return bt_bytes_of(bt_descriptor_set, bt_descriptor_set_size);
}

bt_bytes bt_descriptors_file(bt_bytes name) {
    bt_bytes set = all();
    bt_field file;
    while (next_field(&set, &file))
        if (bt_bytes_equal(first(file.bytes, NAME), name)) return file.bytes;
    return (bt_bytes){0};
}

/* Takes a name from the beginning of a dotted path: all of it, or up to a dot that is taken too. */
static bool take_name(bt_bytes *path, bt_bytes name) {
    if (!name.size || !bt_bytes_starts_with(*path, name)) return false;
    size_t size = name.size;
    if (size < path->size) {
        if (path->data[size++] != '.' || size == path->size) return false;
    }
    *path = bt_bytes_of(path->data + size, path->size - size);
    return true;
}

/* The values of an enum stand beside it, not in it. */
static bool has_value(bt_bytes enumeration, bt_bytes name) {
    bt_field at;
    while (next_field(&enumeration, &at))
        if (at.number == ENUM_VALUE && bt_bytes_equal(first(at.bytes, NAME), name)) return true;
    return false;
}

static bool takes(bt_part kind, bt_bytes body, bt_bytes *path) {
    if (take_name(path, first(body, NAME))) return true;
    if (kind != ENUM || !has_value(body, *path)) return false;
    path->size = 0;
    return true;
}

/* Steps from *scope to what the beginning of the path names in it. */
static bool step(bt_part *scope_kind, bt_bytes *scope, bt_bytes *path) {
    bt_bytes rest = *scope;
    bt_field at;
    while (next_field(&rest, &at)) {
        bt_part kind = at.number < 16 ? children[*scope_kind][at.number] : NOTHING;
        if (kind == NOTHING || !takes(kind, at.bytes, path)) continue;
        *scope_kind = kind;
        *scope = at.bytes;
        return true;
    }
    return false;
}

static bool defines(bt_bytes file, bt_bytes symbol) {
    bt_part kind = FILE_;
    bt_bytes package = first(file, FILE_PACKAGE);
    if (!symbol.size || (package.size && !take_name(&symbol, package))) return false;
    do {
        if (kind != FILE_ && kind != MESSAGE && kind != SERVICE) return false;
        if (!step(&kind, &file, &symbol)) return false;
    } while (symbol.size);
    return true;
}

bt_bytes bt_descriptors_file_of(bt_bytes symbol) {
    bt_bytes set = all();
    bt_field file;
    while (next_field(&set, &file))
        if (defines(file.bytes, symbol)) return file.bytes;
    return (bt_bytes){0};
}

bool bt_descriptors_next_service(size_t *cursor, bt_bytes *ret_package, bt_bytes *ret_name) {
    bt_bytes set = all();
    bt_field file;
    size_t count = 0;
    while (next_field(&set, &file)) {
        bt_bytes rest = file.bytes;
        bt_field at;
        while (next_field(&rest, &at)) {
            if (at.number != FILE_SERVICE || count++ < *cursor) continue;
            *cursor = count;
            *ret_package = first(file.bytes, FILE_PACKAGE);
            *ret_name = first(at.bytes, NAME);
            return true;
        }
    }
    return false;
}
