/* The handler of ImportKeys. */
#include "service/import_keys.h"

#include "rpc/change.h"
#include "rpc/key_messages.h"
#include "rpc/key_service.h"

/* A result: a key id, or a code and a text. */
#define RESULT_MAX 448u

typedef struct import_messages {
    bt_bytes environment;
    size_t count;
    bt_bytes items[BT_IMPORT_MAX];
} import_messages;

static bt_err read_item(bt_bytes message, bt_import_item *ret_item, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"token", BT_WIRE_BYTES, .offset = offsetof(bt_import_item, token)},
        [2] = {"sha256", BT_WIRE_BYTES, .offset = offsetof(bt_import_item, sha256)},
        [3] = {"prefix", BT_WIRE_BYTES, .offset = offsetof(bt_import_item, prefix)},
        [4] = {"without_prefix", BT_WIRE_UINT, .offset = offsetof(bt_import_item, without_prefix)},
        [6] = {"method", BT_WIRE_INT, .offset = offsetof(bt_import_item, method)},
        [7] = {"pepper", BT_WIRE_BYTES, .offset = offsetof(bt_import_item, pepper)},
        [5] = {"key", BT_WIRE_BYTES, .offset = offsetof(bt_import_item, key)},
    };
    static const bt_wire_message type = {"bitting.v1.ImportKey", fields, BT_WIRE_COUNT(fields)};
    *ret_item = (bt_import_item){.token = {0}};
    return bt_wire_read(&type, message, ret_item, fault);
}

static bt_err read_messages(bt_bytes message, import_messages *ret_messages, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"environment", BT_WIRE_BYTES, .offset = offsetof(import_messages, environment)},
        [2] = {"keys", BT_WIRE_LIST, BT_IMPORT_MAX, offsetof(import_messages, items),
               offsetof(import_messages, count)},
    };
    static const bt_wire_message type = {"bitting.v1.ImportKeysRequest", fields,
                                         BT_WIRE_COUNT(fields)};
    ret_messages->environment = (bt_bytes){0};
    ret_messages->count = 0;
    return bt_wire_read(&type, message, ret_messages, fault);
}

static bt_err read_import(bt_bytes message, void *use_case, bt_fault *fault) {
    bt_import_keys *import = use_case;
    import_messages messages;
    BT_TRY(read_messages(message, &messages, fault));
    import->environment = messages.environment;
    import->count = messages.count;
    import->read = bt_create_key_read;
    for (size_t i = 0; i < messages.count; i++)
        BT_TRY(read_item(messages.items[i], &import->items[i], fault));
    return BT_OK;
}

/* All but those whose tag is `besides`; 0 is none's. */
static void add_fields(bt_bytes message, uint64_t place, uint8_t besides, bt_body *body) {
    bt_bytes field;
    for (size_t at = 0; bt_wire_next(message, &at, &field);)
        if (field.data[0] != besides) bt_body_add(body, place, field);
}

/* Results come in the order of the items; within an item, and the key that it describes, fields may stand in any. What
 * could be read once can be read again. */
static void add_import(bt_bytes message, bt_body *body) {
    const uint8_t key_tag = 5 << 3 | 2; /* of ImportKey.key */
    import_messages messages;
    bt_import_item item;
    bt_fault fault;
    if (read_messages(message, &messages, &fault)) return;
    bt_body_add(body, 0, messages.environment);
    for (size_t i = 0; i < messages.count; i++) {
        if (read_item(messages.items[i], &item, &fault)) continue;
        add_fields(messages.items[i], 2 * i + 1, key_tag, body);
        add_fields(item.key, 2 * i + 2, 0, body);
    }
}

static void run_import(void *use_case, bt_service *service, const bt_caller *caller) {
    bt_import_keys_run(use_case, service, caller);
}

static void write_result(const bt_import_result *result, bt_out *out) {
    uint8_t block[RESULT_MAX];
    char id[BT_KEY_ID_TEXT_SIZE];
    bt_out item = bt_out_into(block, sizeof block);
    bt_key_id_format(&result->id, id);
    if (!result->fault.err) bt_out_bytes(&item, 1, bt_bytes_text(id));
    bt_out_uint(&item, 2, (uint64_t)bt_call_status(result->fault.err));
    if (result->fault.err) bt_out_bytes(&item, 3, bt_bytes_text(result->fault.text));
    bt_out_item(out, 1, bt_out_written(&item));
    out->full |= item.full;
}

static void write_import(const void *use_case, uint64_t revision, bool with_token, bt_out *out) {
    const bt_import_keys *import = use_case;
    (void)with_token;
    for (size_t i = 0; i < import->count; i++) write_result(&import->results[i], out);
    bt_out_uint(out, 2, revision);
}

void bt_rpc_import_keys(bt_call *call) {
    static const bt_change_kind kind = {.size = sizeof(bt_import_keys),
                                        .read = read_import,
                                        .run = run_import,
                                        .parts = add_import,
                                        .write = write_import,
                                        .answer_max = BT_IMPORT_MAX * (RESULT_MAX + 8u) + 64u};
    bt_rpc_change(call, &kind);
}
