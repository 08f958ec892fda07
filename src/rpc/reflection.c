#include "rpc/reflection.h"

#include "rpc/descriptors.h"
#include "rpc/wire.h"

/* grpc.reflection.v1.ServerReflectionRequest. Of the questions the last in the message counts; none has
 * data that is not NULL unless it was sent, though it may be empty. */
typedef enum bt_reflected {
    FILE_NAME,
    SYMBOL,
    EXTENSION,
    EXTENSION_NUMBERS,
    SERVICES,
    QUESTIONS
} bt_reflected;

typedef struct bt_request {
    bt_bytes host;
    bt_bytes question[QUESTIONS];
} bt_request;

/* grpc.reflection.v1.ServerReflectionResponse */
enum { VALID_HOST = 1, ORIGINAL = 2, FILES = 4, NUMBERS = 5, SERVICE_LIST = 6, ERROR = 7 };
/* Tags and lengths of an answer's parts, and the text of an error. */
#define ROOM 1024u

typedef struct bt_reply {
    unsigned field;
    bt_out body;
} bt_reply;

#define QUESTION(text, which)                                                                      \
    { text, BT_WIRE_BYTES, .offset = offsetof(bt_request, question) + (which) * sizeof(bt_bytes) }

static const bt_wire_field request_fields[] = {
    {0},
    {"host", BT_WIRE_BYTES, .offset = offsetof(bt_request, host)},
    {0},
    QUESTION("file_by_filename", FILE_NAME),
    QUESTION("file_containing_symbol", SYMBOL),
    QUESTION("file_containing_extension", EXTENSION),
    QUESTION("all_extension_numbers_of_type", EXTENSION_NUMBERS),
    QUESTION("list_services", SERVICES),
};

static const bt_wire_message request_type = {"grpc.reflection.v1.ServerReflectionRequest",
                                             request_fields, 8};

static bt_reflected asked(const bt_request *request) {
    bt_reflected last = QUESTIONS;
    const uint8_t *latest = NULL;
    for (bt_reflected at = 0; at < QUESTIONS; at++) {
        const uint8_t *data = request->question[at].data;
        if (!data || (uintptr_t)data <= (uintptr_t)latest) continue;
        last = at;
        latest = data;
    }
    return last;
}

static bt_reply begin(bt_call *call, unsigned field, size_t size) {
    void *block = bt_arena_alloc(&call->arena, size + ROOM);
    return (bt_reply){field, bt_out_into(block, block ? size + ROOM : 0)};
}

static bt_reply not_found(bt_call *call, const char *what) {
    bt_reply answer = begin(call, ERROR, 0);
    bt_out_uint(&answer.body, 1, (uint64_t)bt_call_status(BT_ERR_NOT_FOUND));
    bt_out_bytes(&answer.body, 2, bt_bytes_text(what));
    return answer;
}

static bt_reply describe(bt_call *call, bt_bytes file) {
    if (!file.size) return not_found(call, "no file of this name, or with this symbol, is served");
    bt_reply answer = begin(call, FILES, file.size);
    bt_out_item(&answer.body, 1, file);
    return answer;
}

static bt_reply number_extensions(bt_call *call, bt_bytes type) {
    if (!bt_descriptors_file_of(type).size) return not_found(call, "no message of this name");
    bt_reply answer = begin(call, NUMBERS, type.size);
    bt_out_bytes(&answer.body, 1, type);
    return answer;
}

static void put_service(bt_out *list, bt_bytes package, bt_bytes name) {
    uint8_t full[ROOM / 2], block[ROOM];
    if (package.size + name.size >= sizeof full) return;
    memcpy(full, package.data, package.size);
    full[package.size] = '.';
    memcpy(full + package.size + 1, name.data, name.size);
    bt_out service = bt_out_into(block, sizeof block);
    bt_out_bytes(&service, 1, bt_bytes_of(full, package.size + 1 + name.size));
    bt_out_item(list, 1, bt_out_written(&service));
}

static bt_reply list_services(bt_call *call) {
    bt_reply answer = begin(call, SERVICE_LIST, (size_t)8 * ROOM);
    bt_bytes package, name;
    for (size_t cursor = 0; bt_descriptors_next_service(&cursor, &package, &name);)
        put_service(&answer.body, package, name);
    return answer;
}

static bt_reply find(bt_call *call, const bt_request *request, bt_reflected question) {
    bt_bytes text = request->question[question];
    switch (question) {
    case FILE_NAME:
        return describe(call, bt_descriptors_file(text));
    case SYMBOL:
        return describe(call, bt_descriptors_file_of(text));
    case EXTENSION_NUMBERS:
        return number_extensions(call, text);
    case SERVICES:
        return list_services(call);
    default:
        return not_found(call, "there are no extensions");
    }
}

/* What is sent back must be texts, or clients cannot read the answer. */
static bt_err read_request(const bt_call *call, bt_request *ret_request, bt_reflected *ret_question,
                           bt_fault *fault) {
    BT_TRY(bt_wire_read(&request_type, call->message, ret_request, fault));
    bt_reflected question = asked(ret_request);
    if (question == QUESTIONS)
        return bt_fail(fault, BT_ERR_INVALID, "message_request: nothing was asked");
    for (size_t at = 0; at < QUESTIONS; at++)
        if (at != EXTENSION && !bt_bytes_utf8(ret_request->question[at]))
            return bt_fail(fault, BT_ERR_INVALID, "%s: not UTF-8", request_fields[at + 3].name);
    if (!bt_bytes_utf8(ret_request->host)) return bt_fail(fault, BT_ERR_INVALID, "host: not UTF-8");
    *ret_question = question;
    return BT_OK;
}

static bt_err ask(bt_call *call, bt_out *ret_out, bt_fault *fault) {
    bt_request request = {0};
    bt_reflected question = EXTENSION;
    BT_TRY(read_request(call, &request, &question, fault));
    bt_reply answer = find(call, &request, question);
    size_t size = answer.body.size + 2 * call->message.size + ROOM;
    void *block = bt_arena_alloc(&call->arena, size);
    bt_out out = bt_out_into(block, block ? size : 0);
    bt_out_bytes(&out, VALID_HOST, request.host);
    bt_out_bytes(&out, ORIGINAL, call->message);
    bt_out_item(&out, answer.field, bt_out_written(&answer.body));
    if (answer.body.full || out.full)
        return bt_fail(fault, BT_ERR_INTERNAL, "the answer has no room");
    *ret_out = out;
    return BT_OK;
}

void bt_reflection_ask(bt_call *call) {
    bt_fault fault = {0};
    bt_out out = {0};
    if (ask(call, &out, &fault))
        bt_call_fail(call, &fault);
    else
        bt_call_send(call, bt_out_written(&out));
}
