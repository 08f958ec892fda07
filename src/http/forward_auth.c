/* Forward-auth: a proxy asks with the client's own headers, and its own that say what the client asked for. The answer's
 * status decides; what upstream may trust is in its headers, every one of them always there, since a proxy may leave
 * the client's own where one is missing. */
#include "gate/gate.h"
#include "http/parts.h"

/* Which headers say one thing; they may both be there, but then must agree. */
typedef struct fact {
    bt_bytes names[2];
    bt_bytes value;
    bool odd;
} fact;

typedef struct reading {
    bt_gate_request request;
    bt_field headers[BT_GATE_HEADERS_MAX];
    fact method, target, host;
    bt_err err; /* of the proxy's configuration */
    bt_fault fault;
} reading;

static void take_fact(fact *wanted, bt_bytes name, bt_bytes value) {
    bool is = bt_field_is(name, wanted->names[0]) || bt_field_is(name, wanted->names[1]);
    if (!is) return;
    if (wanted->value.data && !bt_bytes_equal(wanted->value, value)) wanted->odd = true;
    wanted->value = value;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   size_t name_size, const char *value, size_t value_size) {
    reading *in = context;
    bt_bytes key = bt_bytes_of(name, name_size), text = bt_bytes_of(value ? value : "", value_size);
    (void)kind;
    take_fact(&in->method, key, text);
    take_fact(&in->target, key, text);
    take_fact(&in->host, key, text);
    /* No answer can have a proxy remove a header that its configuration does not name. */
    if (bt_identity_is_stray(key)) in->request.odd = true;
    if (in->request.headers_count == BT_GATE_HEADERS_MAX)
        in->request.odd = true;
    else
        in->headers[in->request.headers_count++] = (bt_field){key, text};
    return MHD_YES;
}

static enum MHD_Result take_argument(void *context, enum MHD_ValueKind kind, const char *name,
                                     size_t name_size, const char *value, size_t value_size) {
    reading *in = context;
    (void)kind;
    if (!in->err)
        in->err = bt_gate_context_set(&in->request.context, bt_bytes_of(name, name_size),
                                      bt_bytes_of(value ? value : "", value_size), &in->fault);
    return in->err ? MHD_NO : MHD_YES;
}

/* Without X-Forwarded-Host the request's own is the client's, as proxies pass it on. */
static bt_bytes host_of(struct MHD_Connection *connection, const fact *host) {
    if (host->value.data) return host->value;
    return bt_bytes_text(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "host"));
}

static void read_request(struct MHD_Connection *connection, reading *in) {
    *in = (reading){
        .method.names = {BT_LITERAL("x-forwarded-method"), BT_LITERAL("x-original-method")},
        .target.names = {BT_LITERAL("x-forwarded-uri"), BT_LITERAL("x-original-uri")},
        .host.names = {BT_LITERAL("x-forwarded-host"), BT_LITERAL("x-forwarded-host")},
    };
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, in);
    MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take_argument, in);
    in->request.method = in->method.value;
    in->request.target = in->target.value;
    in->request.host = host_of(connection, &in->host);
    in->request.headers = in->headers;
    in->request.body_cut = true; /* proxies do not pass bodies on here */
    in->request.odd |= in->method.odd || in->target.odd || in->host.odd;
}

static bool add_header(struct MHD_Response *response, bt_bytes name, bt_bytes value) {
    char key[64], text[2 * BT_METADATA_MAX * 3];
    if (!bt_bytes_copy_text(name, key, sizeof key)) return false;
    /* The library takes no empty value; white space is one to every reader. */
    if (!bt_bytes_copy_text(value.size ? value : BT_LITERAL(" "), text, sizeof text)) return false;
    return MHD_add_response_header(response, key, text) == MHD_YES;
}

static bool add_identity(struct MHD_Response *response, const bt_gate_decision *decision) {
    for (int i = 0; i < BT_IDENTITY_COUNT; i++)
        if (!add_header(response, bt_identity_header_name((bt_identity_header)i),
                        decision->identity[i]))
            return false;
    return true;
}

static bool add_reply(struct MHD_Response *response, const bt_gate_decision *decision) {
    for (size_t i = 0; i < decision->reply_count; i++)
        if (!add_header(response, decision->reply[i].name, decision->reply[i].value)) return false;
    return true;
}

/* Where a header cannot be written there is no answer, which every proxy takes for a refusal. */
static enum MHD_Result answer(struct MHD_Connection *connection, const bt_gate_decision *decision) {
    bool allowed = decision->status == 200;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        allowed ? 0 : decision->body.size, (void *)(uintptr_t)decision->body.data,
        MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    bool whole = allowed ? add_identity(response, decision) : add_reply(response, decision);
    enum MHD_Result result =
        whole ? MHD_queue_response(connection, decision->status, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}

static void decide(bt_http_server *server, bt_session *session, reading *in, bt_arena *arena,
                   bt_gate_decision *ret_decision) {
    if (!in->err && bt_snapshot_renew(session->snapshot))
        in->err = bt_fail(&in->fault, BT_ERR_UNAVAILABLE, "the store cannot be read now");
    if (in->err) {
        bt_gate_broken(&in->fault, ret_decision);
        return;
    }
    bt_caller caller = bt_caller_trusted(bt_snapshot_environments(session->snapshot),
                                         bt_bytes_text(server->environment));
    bt_gate_decide(session, &caller, &in->request, arena, ret_decision);
}

enum MHD_Result bt_http_forward_auth(bt_http_server *server, struct MHD_Connection *connection) {
    reading in;
    bt_gate_decision decision;
    bt_arena arena;
    uint8_t block[BT_GATE_ARENA];
    bt_session *session = bt_http_session_take(server);
    if (!session) return MHD_NO;
    bt_arena_init(&arena, block, sizeof block);
    read_request(connection, &in);
    decide(server, session, &in, &arena, &decision);
    enum MHD_Result result = answer(connection, &decision);
    bt_snapshot_reset(session->snapshot);
    bt_http_session_put(server, session);
    return result;
}
