#include "door.h"

#include <stdio.h>

#include "service/mutation.h"

static void write_routes(door *self, const char *text) {
    snprintf(self->routes_file, sizeof self->routes_file, "%s/routes.yaml", self->house.base);
    FILE *file = fopen(self->routes_file, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

void door_open(door *self, const char *routes, bt_gate_options *options) {
    bt_gate_options none = {0};
    bt_fault fault = {0};
    house_open(&self->house);
    if (!options) options = &none;
    if (routes) write_routes(self, routes);
    options->routes_file = routes ? self->routes_file : NULL;
    house_renew(&self->house);
    const bt_catalogue *catalogue = bt_snapshot_catalogue(self->house.session.snapshot);
    bt_err err = bt_gate_open(options, catalogue, &self->gate, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
    self->house.service.gate = self->gate;
    self->caller = (bt_caller){
        .trusted = true,
        .environment = bt_environment_find(bt_snapshot_environments(self->house.session.snapshot),
                                           BT_LITERAL("test"))};
    door_come(self, "GET", "/x");
}

void door_close(door *self) {
    self->gate = bt_gate_close(self->gate);
    house_close(&self->house);
}

void door_come(door *self, const char *method, const char *target) {
    self->request = (bt_gate_request){.method = bt_bytes_text(method),
                                      .host = BT_LITERAL("api.example.com"),
                                      .target = bt_bytes_text(target),
                                      .headers = self->headers,
                                      .peer = BT_LITERAL("192.0.2.7")};
}

void door_header(door *self, const char *name, const char *value) {
    ck_assert_uint_lt(self->request.headers_count, BT_GATE_HEADERS_MAX);
    self->headers[self->request.headers_count++] =
        (bt_field){bt_bytes_text(name), bt_bytes_text(value)};
}

void door_bearer(door *self, const house_key *key) {
    static char value[BT_TOKEN_MAX + 16];
    snprintf(value, sizeof value, "Bearer %s", key->token);
    door_header(self, "authorization", value);
}

void door_context(door *self, const char *name, const char *value) {
    ck_assert_int_eq(bt_gate_context_set(&self->request.context, bt_bytes_text(name),
                                         bt_bytes_text(value), NULL),
                     BT_OK);
}

static void check_value(bt_bytes value) {
    for (size_t i = 0; i < value.size; i++)
        ck_assert_msg(value.data[i] >= 0x20 && value.data[i] < 0x7F, "a header with byte %d",
                      value.data[i]);
}

static bool removes(const bt_gate_decision *decision, bt_bytes name) {
    for (size_t i = 0; i < decision->remove_count; i++)
        if (bt_bytes_equal(decision->remove[i], name)) return true;
    return false;
}

static void check_allowance(const bt_gate_decision *decision) {
    for (unsigned i = 0; i < BT_IDENTITY_COUNT; i++) {
        check_value(decision->identity[i]);
        ck_assert(
            !memchr(decision->identity[i].size ? decision->identity[i].data : (const uint8_t *)"",
                    ' ', decision->identity[i].size));
        ck_assert_int_eq(removes(decision, bt_identity_header_name(i)),
                         decision->identity[i].size == 0);
    }
    for (size_t i = 0; i < decision->remove_count; i++) check_value(decision->remove[i]);
}

static void check_denial(const bt_gate_decision *decision) {
    ck_assert_uint_gt(decision->reply_count, 0);
    for (size_t i = 0; i < decision->reply_count; i++) check_value(decision->reply[i].value);
    ck_assert_uint_gt(decision->body.size, 20);
    ck_assert_int_eq(memcmp(decision->body.data, "{\"error\":\"", 10), 0);
    ck_assert_int_eq(memcmp(decision->body.data + decision->body.size - 3, "\"}\n", 3), 0);
    ck_assert_uint_eq(decision->remove_count, 0);
}

unsigned door_ask(door *self) {
    house_renew(&self->house);
    const bt_environments *all = bt_snapshot_environments(self->house.session.snapshot);
    if (self->caller.environment)
        self->caller.environment = bt_environment_find(all, BT_LITERAL("test"));
    memset(self->block, 0xA5, sizeof self->block);
    memset(&self->decision, 0xA5, sizeof self->decision);
    bt_arena_init(&self->arena, self->block, sizeof self->block);
    bt_gate_decide(&self->house.session, &self->caller, &self->request, &self->arena,
                   &self->decision);
    if (self->decision.status == 200)
        check_allowance(&self->decision);
    else
        check_denial(&self->decision);
    return self->decision.status;
}

void door_expect(door *self, unsigned status, const char *kind) {
    unsigned got = door_ask(self);
    ck_assert_msg(got == status, "%u %s, not %u", got, self->decision.kind, status);
    if (kind) ck_assert_str_eq(self->decision.kind, kind);
}

static const char *text_of(bt_bytes bytes) {
    static char text[4][1 << 15];
    static unsigned turn;
    char *into = text[turn++ % 4];
    snprintf(into, sizeof text[0], "%.*s", BT_BYTES_ARG(bytes));
    return into;
}

const char *door_identity(const door *self, bt_identity_header header) {
    return text_of(self->decision.identity[header]);
}

bool door_removes(const door *self, const char *name) {
    return removes(&self->decision, bt_bytes_text(name));
}

const char *door_reply(const door *self, const char *name) {
    for (size_t i = 0; i < self->decision.reply_count; i++)
        if (bt_bytes_equal(self->decision.reply[i].name, bt_bytes_text(name)))
            return text_of(self->decision.reply[i].value);
    return NULL;
}

const char *door_body(const door *self) {
    return text_of(self->decision.body);
}

typedef struct binding {
    bt_change change;
    bt_key_id id;
    uint8_t row[BT_NARROW_MAX];
    size_t size;
} binding;

static bt_err put_row(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    binding *wish = (binding *)change;
    return bt_txn_put_narrow(txn, &wish->id, bt_bytes_of(wish->row, wish->size));
}

static void set_flag(bt_record *record) {
    record->flags |= BT_RECORD_NARROW;
}

void door_narrow(door *self, const house_key *key, const char *network, const char *selector) {
    binding wish = {.change = {.apply = put_row, .deadline_ms = BT_NEVER_MS}};
    bt_narrow narrow = {.networks_count = network != NULL, .selectors_count = selector != NULL};
    if (network) ck_assert(bt_network_parse(bt_bytes_text(network), &narrow.networks[0]));
    if (selector) ck_assert(bt_selector_parse(bt_bytes_text(selector), &narrow.selectors[0]));
    wish.size = bt_narrow_encode(&narrow, wish.row);
    ck_assert(bt_key_id_parse(bt_bytes_text(key->id), &wish.id));
    ck_assert_int_eq(bt_store_change(self->house.service.store, &wish.change), BT_OK);
    house_alter(&self->house, key, set_flag);
}
