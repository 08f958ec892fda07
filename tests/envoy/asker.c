#include "asker.h"

#include <stdio.h>

#include "envoy/check.h"
#include "google/protobuf/struct.pb-c.h"

#define AUTH(name) Envoy__Service__Auth__V3__##name
#define CORE(name) Envoy__Config__Core__V3__##name

typedef AUTH(AttributeContext__HttpRequest) http_message;
typedef AUTH(AttributeContext__HttpRequest__HeadersEntry) header_entry;
typedef AUTH(AttributeContext__ContextExtensionsEntry) context_entry;
typedef CORE(HeaderValue) header_value;
typedef CORE(HeaderValueOption) header_option;
typedef AUTH(CheckResponse) check_response;

void asker_open(asker *self, const bt_gate_options *options) {
    static const bt_gate_options none = {.headers_count = 0};
    memset(self, 0, sizeof *self);
    house_open(&self->house);
    house_renew(&self->house);
    const bt_catalogue *catalogue = bt_snapshot_catalogue(self->house.session.snapshot);
    ck_assert_int_eq(bt_gate_open(options ? options : &none, catalogue, &self->gate, NULL), BT_OK);
    self->house.service.gate = self->gate;
    asker_come(self);
}

static void forget(asker *self) {
    if (self->answer) envoy__service__auth__v3__check_response__free_unpacked(self->answer, NULL);
    self->answer = NULL;
}

void asker_close(asker *self) {
    forget(self);
    self->gate = bt_gate_close(self->gate);
    house_close(&self->house);
}

void asker_come(asker *self) {
    self->method = "GET";
    self->path = "/x";
    self->host = "api.example.com";
    self->fragment = "";
    self->peer = "192.0.2.7";
    self->raw = self->connection = false;
    self->body = self->raw_body = (bt_bytes){0};
    self->headers_count = self->context_count = 0;
}

void asker_header(asker *self, const char *name, const char *value) {
    ck_assert_uint_lt(self->headers_count, ASKER_FIELDS);
    self->headers[self->headers_count++] = (asker_field){name, bt_bytes_text(value)};
}

void asker_context(asker *self, const char *name, const char *value) {
    ck_assert_uint_lt(self->context_count, 32);
    self->context[self->context_count++] = (asker_field){name, bt_bytes_text(value)};
}

static ProtobufCBinaryData data(bt_bytes bytes) {
    return (ProtobufCBinaryData){bytes.size, (uint8_t *)(uintptr_t)bytes.data};
}

static ProtobufCBinaryData text(const char *from) {
    return data(bt_bytes_text(from));
}

/* What the pieces of a message are kept in while it is encoded. */
typedef struct pieces {
    header_entry entries[ASKER_FIELDS], *entry_list[ASKER_FIELDS];
    header_value values[ASKER_FIELDS], *value_list[ASKER_FIELDS];
    context_entry context[32], *context_list[32];
} pieces;

static void put_headers(const asker *self, pieces *to) {
    for (size_t i = 0; i < self->headers_count; i++) {
        const asker_field *from = &self->headers[i];
        header_entry entry =
            ENVOY__SERVICE__AUTH__V3__ATTRIBUTE_CONTEXT__HTTP_REQUEST__HEADERS_ENTRY__INIT;
        header_value value = ENVOY__CONFIG__CORE__V3__HEADER_VALUE__INIT;
        entry.key = value.key = text(from->name);
        entry.value = value.raw_value = data(from->value);
        to->entries[i] = entry;
        to->values[i] = value;
        to->entry_list[i] = &to->entries[i];
        to->value_list[i] = &to->values[i];
    }
}

static void put_context(const asker *self, pieces *to) {
    for (size_t i = 0; i < self->context_count; i++) {
        context_entry entry =
            ENVOY__SERVICE__AUTH__V3__ATTRIBUTE_CONTEXT__CONTEXT_EXTENSIONS_ENTRY__INIT;
        entry.key = text(self->context[i].name);
        entry.value = data(self->context[i].value);
        to->context[i] = entry;
        to->context_list[i] = &to->context[i];
    }
}

static void put_http(const asker *self, pieces *from, http_message *http, CORE(HeaderMap) * map) {
    http->method = text(self->method);
    http->path = text(self->path);
    http->host = text(self->host);
    http->fragment = text(self->fragment);
    http->body = data(self->body);
    http->raw_body = data(self->raw_body);
    http->scheme = text("https");
    if (self->raw) {
        map->n_headers = self->headers_count;
        map->headers = from->value_list;
        http->header_map = map;
    } else {
        http->n_headers = self->headers_count;
        http->headers = from->entry_list;
    }
}

bt_bytes asker_encode(const asker *self) {
    static pieces kept;
    CORE(HeaderMap) map = ENVOY__CONFIG__CORE__V3__HEADER_MAP__INIT;
    http_message http = ENVOY__SERVICE__AUTH__V3__ATTRIBUTE_CONTEXT__HTTP_REQUEST__INIT;
    AUTH(AttributeContext__Request)
    request = ENVOY__SERVICE__AUTH__V3__ATTRIBUTE_CONTEXT__REQUEST__INIT;
    CORE(SocketAddress) socket = ENVOY__CONFIG__CORE__V3__SOCKET_ADDRESS__INIT;
    CORE(Address) address = ENVOY__CONFIG__CORE__V3__ADDRESS__INIT;
    AUTH(AttributeContext__Peer) source = ENVOY__SERVICE__AUTH__V3__ATTRIBUTE_CONTEXT__PEER__INIT;
    AUTH(AttributeContext) attributes = ENVOY__SERVICE__AUTH__V3__ATTRIBUTE_CONTEXT__INIT;
    AUTH(CheckRequest) message = ENVOY__SERVICE__AUTH__V3__CHECK_REQUEST__INIT;
    put_headers(self, &kept);
    put_context(self, &kept);
    put_http(self, &kept, &http, &map);
    request.http = self->connection ? NULL : &http;
    socket.address = text(self->peer);
    socket.port_value = 40000;
    address.socket_address = &socket;
    source.address = &address;
    attributes.source = &source;
    attributes.request = &request;
    attributes.n_context_extensions = self->context_count;
    attributes.context_extensions = kept.context_list;
    message.attributes = &attributes;
    size_t size = envoy__service__auth__v3__check_request__get_packed_size(&message);
    uint8_t *bytes = malloc(size + 1);
    ck_assert_ptr_nonnull(bytes);
    envoy__service__auth__v3__check_request__pack(&message, bytes);
    return bt_bytes_of(bytes, size);
}

static asker *asking;

static void take_reply(bt_call *call, bt_bytes message) {
    (void)call;
    asking->ends++;
    ck_assert_uint_le(message.size, sizeof asking->message);
    memcpy(asking->message, message.data, message.size);
    asking->message_size = message.size;
}

static void take_failure(bt_call *call, const bt_fault *fault) {
    (void)call;
    asking->ends++;
    asking->fault = *fault;
}

static const bt_method *check_method(void) {
    const bt_method *method = bt_methods;
    while (strcmp(method->path, BT_ENVOY_CHECK_PATH) != 0) method++;
    return method;
}

/* Strings of Protocol Buffers have to be UTF-8, or the proxy does not take the answer. */
static void check_headers(header_option *const *headers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const header_value *header = headers[i]->header;
        ck_assert(bt_bytes_printable(bt_bytes_of(header->key.data, header->key.len)));
        ck_assert(bt_bytes_printable(bt_bytes_of(header->value.data, header->value.len)));
        ck_assert_uint_eq(header->raw_value.len, 0);
        ck_assert_ptr_nonnull(headers[i]->append);
        ck_assert(!headers[i]->append->value);
        ck_assert_int_eq(headers[i]->append_action, 2);
    }
}

static void check_removals(const asker *self) {
    const AUTH(OkHttpResponse) *ok = self->answer->ok_response;
    for (size_t i = 0; i < ok->n_headers_to_remove; i++) {
        bt_bytes name = bt_bytes_of(ok->headers_to_remove[i].data, ok->headers_to_remove[i].len);
        ck_assert(bt_bytes_printable(name));
        for (size_t n = 0; n < ok->n_headers; n++) {
            const header_value *header = ok->headers[n]->header;
            ck_assert(!bt_bytes_equal(name, bt_bytes_of(header->key.data, header->key.len)));
        }
    }
}

static unsigned read_answer(asker *self) {
    check_response *answer =
        envoy__service__auth__v3__check_response__unpack(NULL, self->message_size, self->message);
    self->answer = answer;
    ck_assert_ptr_nonnull(answer);
    ck_assert_ptr_nonnull(answer->status);
    if (answer->status->code == 0) {
        ck_assert_int_eq(answer->http_response_case,
                         ENVOY__SERVICE__AUTH__V3__CHECK_RESPONSE__HTTP_RESPONSE_OK_RESPONSE);
        check_headers(answer->ok_response->headers, answer->ok_response->n_headers);
        check_removals(self);
        return 200;
    }
    ck_assert_int_ne(answer->http_response_case,
                     ENVOY__SERVICE__AUTH__V3__CHECK_RESPONSE__HTTP_RESPONSE_OK_RESPONSE);
    ck_assert_ptr_nonnull(answer->denied_response);
    check_headers(answer->denied_response->headers, answer->denied_response->n_headers);
    ck_assert_uint_gt(answer->denied_response->body.len, 0);
    ck_assert_ptr_nonnull(answer->denied_response->status);
    unsigned status = (unsigned)answer->denied_response->status->code;
    ck_assert(status == 401 || status == 403 || status == 429 || status == 503);
    bool error = answer->http_response_case ==
                 ENVOY__SERVICE__AUTH__V3__CHECK_RESPONSE__HTTP_RESPONSE_ERROR_RESPONSE;
    ck_assert_int_eq(answer->status->code, error ? 13 : 7);
    return error ? 0 : status;
}

unsigned asker_send(asker *self, bt_bytes message) {
    static const bt_call_transport transport = {.reply = take_reply, .fail = take_failure};
    static uint8_t arena[BT_CALL_ARENA];
    bt_listener_policy listener = {.trusted = !self->guarded};
    if (!self->guarded) strcpy(listener.environment, "test");
    bt_call call = {.method = check_method(),
                    .session = &self->house.session,
                    .listener = &listener,
                    .transport = &transport,
                    .message = message,
                    .authorization = bt_bytes_text(self->credential),
                    .deadline_ms = BT_NEVER_MS};
    forget(self);
    asking = self;
    self->ends = 0;
    self->fault = (bt_fault){0};
    bt_arena_init(&call.arena, arena, sizeof arena);
    bt_call_dispatch(&call);
    ck_assert_uint_eq(self->ends, 1);
    ck_assert_msg(!self->fault.err, "an RPC error: %s", self->fault.text);
    return read_answer(self);
}

unsigned asker_ask(asker *self) {
    bt_bytes message = asker_encode(self);
    unsigned status = asker_send(self, message);
    free((void *)(uintptr_t)message.data);
    return status;
}

static const char *text_of(ProtobufCBinaryData from) {
    static char kept[4][1 << 15];
    static unsigned turn;
    char *into = kept[turn++ % 4];
    snprintf(into, sizeof kept[0], "%.*s", (int)from.len, (const char *)from.data);
    return into;
}

static bool is(ProtobufCBinaryData from, const char *name) {
    return bt_bytes_equal(bt_bytes_of(from.data, from.len), bt_bytes_text(name));
}

const char *asker_set(const asker *self, const char *name) {
    bool ok = self->answer->status->code == 0;
    header_option **headers =
        ok ? self->answer->ok_response->headers : self->answer->denied_response->headers;
    size_t count =
        ok ? self->answer->ok_response->n_headers : self->answer->denied_response->n_headers;
    for (size_t i = 0; i < count; i++)
        if (is(headers[i]->header->key, name)) return text_of(headers[i]->header->value);
    return NULL;
}

bool asker_removes(const asker *self, const char *name) {
    const AUTH(OkHttpResponse) *ok = self->answer->ok_response;
    for (size_t i = 0; i < ok->n_headers_to_remove; i++)
        if (is(ok->headers_to_remove[i], name)) return true;
    return false;
}

static const char *value_text(const Google__Protobuf__Value *value) {
    static char joined[8192];
    switch (value->kind_case) {
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
        return text_of(value->string_value);
    case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE:
        snprintf(joined, sizeof joined, "%.0f", value->number_value);
        return joined;
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
        joined[0] = '\0';
        for (size_t i = 0; i < value->list_value->n_values; i++) {
            if (i) strcat(joined, " ");
            strcat(joined, text_of(value->list_value->values[i]->string_value));
        }
        return joined;
    default:
        return "?";
    }
}

const char *asker_metadata(const asker *self, const char *name) {
    const char *found = NULL;
    ProtobufCBinaryData bytes = self->answer->dynamic_metadata;
    Google__Protobuf__Struct *fields =
        google__protobuf__struct__unpack(NULL, bytes.len, bytes.data);
    ck_assert_ptr_nonnull(fields);
    for (size_t i = 0; i < fields->n_fields; i++)
        if (is(fields->fields[i]->key, name)) found = value_text(fields->fields[i]->value);
    google__protobuf__struct__free_unpacked(fields, NULL);
    return found;
}
