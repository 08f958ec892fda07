/* rooms: envoy support envoy_proto */
/* Questions that are dispatched together, whose keys' rows are looked up together, and each by itself. */
#include <stdio.h>

#include "asker.h"
#include "envoy/check.h"
#include "service/update_key.h"

#define ASKED 40u
#define REPLY_MAX 32768u

typedef struct reply {
    bt_call call; /* first */
    size_t size;
    uint8_t message[REPLY_MAX];
    uint8_t arena[BT_CALL_ARENA];
} reply;

static asker at;
static house_key keys[ASKED];

static void take_reply(bt_call *call, bt_bytes message) {
    reply *to = (reply *)call;
    ck_assert_uint_eq(to->size, 0);
    ck_assert(message.size && message.size <= REPLY_MAX);
    memcpy(to->message, message.data, message.size);
    to->size = message.size;
}

static void take_failure(bt_call *call, const bt_fault *fault) {
    (void)call;
    ck_abort_msg("%s", fault->text);
}

static void prepare(reply *to, const char *path, bt_bytes message) {
    static const bt_call_transport transport = {
        .reply = take_reply, .fail = take_failure, .gathers = true};
    static const bt_listener_policy listener = {.trusted = true, .environment = "test"};
    const bt_method *method = bt_methods;
    while (strcmp(method->path, path) != 0) method++;
    to->size = 0;
    to->call = (bt_call){.method = method,
                         .session = &at.house.session,
                         .listener = &listener,
                         .transport = &transport,
                         .message = message,
                         .deadline_ms = BT_NEVER_MS};
    bt_arena_init(&to->call.arena, to->arena, sizeof to->arena);
}

/* Returns how many of the answers have this text in them. */
static unsigned compare(const char *path, const bt_bytes *messages, const char *text) {
    static reply together[ASKED], alone;
    bt_call *calls[ASKED];
    unsigned having = 0;
    for (size_t i = 0; i < ASKED; i++) {
        prepare(&together[i], path, messages[i]);
        calls[i] = &together[i].call;
    }
    bt_call_dispatch_many(calls, ASKED);
    for (size_t i = 0; i < ASKED; i++) {
        prepare(&alone, path, messages[i]);
        bt_call_dispatch(&alone.call);
        ck_assert_uint_eq(together[i].size, alone.size);
        ck_assert_mem_eq(together[i].message, alone.message, alone.size);
        having += memmem(alone.message, alone.size, text, strlen(text)) != NULL;
    }
    return having;
}

static unsigned compare_ext_authz(const char *text) {
    bt_bytes messages[ASKED];
    for (size_t i = 0; i < ASKED; i++) {
        asker_come(&at);
        asker_header(&at, "x-api-key", keys[i].token);
        asker_context(&at, "scope", "users.read");
        messages[i] = asker_encode(&at);
    }
    unsigned having = compare(BT_ENVOY_CHECK_PATH, messages, text);
    for (size_t i = 0; i < ASKED; i++) free((void *)(uintptr_t)messages[i].data);
    return having;
}

/* ValidateRequest{token}. */
static unsigned compare_validate(const char *text) {
    static uint8_t blocks[ASKED][BT_TOKEN_MAX + 2];
    bt_bytes messages[ASKED];
    for (size_t i = 0; i < ASKED; i++) {
        size_t size = strlen(keys[i].token);
        blocks[i][0] = 1 << 3 | 2;
        blocks[i][1] = (uint8_t)size;
        memcpy(blocks[i] + 2, keys[i].token, size);
        messages[i] = bt_bytes_of(blocks[i], size + 2);
    }
    return compare("/bitting.v1.CheckService/Validate", messages, text);
}

/* Every fourth has more metadata than fits in a page. */
static void make_key(size_t n) {
    char name[16], metadata[5000];
    snprintf(name, sizeof name, "old %zu.", n);
    int size = snprintf(metadata, sizeof metadata, "{\"m\":\"%0*zu\"}", n % 4 ? 9 : 4900, n);
    keys[n] = house_create(
        &at.house, (bt_create_key_request){.name = bt_bytes_text(name),
                                           .grant.scope_mask = BIT(0),
                                           .metadata = bt_bytes_of(metadata, (size_t)size)});
}

static void rename_key(const house_key *key, const char *name) {
    bt_service service = {.store = at.house.service.store};
    bt_update_key update = {.request = {.key_id = bt_bytes_text(key->id),
                                        .mask = BT_UPDATE_NAME | BT_UPDATE_METADATA,
                                        .name = bt_bytes_text(name)}};
    bt_update_key_run(&update, &service, &at.house.administrator);
    ck_assert_int_eq(update.mutation.change.fault.err, BT_OK);
    house_renew(&at.house);
}

START_TEST(asked_together_a_key_is_described_as_another_or_as_it_was) {
    asker_open(&at, &(bt_gate_options){.send_metadata = true});
    for (size_t n = 0; n < ASKED; n++) make_key(n);
    ck_assert_uint_eq(compare_ext_authz("old "), ASKED);
    ck_assert_uint_eq(compare_validate("old 7."), 1);
    for (size_t n = 0; n < ASKED; n += 2) rename_key(&keys[n], "new");
    ck_assert_uint_eq(compare_ext_authz("old "), ASKED / 2);
    ck_assert_uint_eq(compare_validate("new"), ASKED / 2);
    house_revoke(&at.house, &keys[1]);
    strcpy(keys[3].token, "junk");
    keys[5] = keys[7];
    ck_assert_uint_eq(compare_ext_authz("new"), ASKED / 2);
    ck_assert_uint_eq(compare_validate("old 7."), 2);
    asker_close(&at);
}
END_TEST

UNIT_MAIN("envoy/together", asked_together_a_key_is_described_as_another_or_as_it_was)
