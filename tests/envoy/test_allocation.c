/* rooms: envoy support envoy_proto */
/* valgrind: no, since it has an allocator of its own */
#include <stdio.h>

#include "asker.h"
#include "envoy/check.h"

/* Counts what is asked of the heap, by whomever. The sanitizers have an allocator of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED
static unsigned allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
    allocations++;
    return __libc_realloc(block, size);
}

static asker at;

static void take_reply(bt_call *call, bt_bytes message) {
    (void)call;
    at.ends += message.size > 0;
}

static unsigned ask(bt_bytes message) {
    static const bt_call_transport transport = {.reply = take_reply};
    static const bt_listener_policy listener = {.trusted = true, .environment = "test"};
    static uint8_t arena[BT_CALL_ARENA];
    const bt_method *method = bt_methods;
    while (strcmp(method->path, BT_ENVOY_CHECK_PATH) != 0) method++;
    bt_call call = {.method = method,
                    .session = &at.house.session,
                    .listener = &listener,
                    .transport = &transport,
                    .message = message,
                    .deadline_ms = BT_NEVER_MS};
    bt_arena_init(&call.arena, arena, sizeof arena);
    unsigned before = allocations;
    bt_call_dispatch(&call);
    return allocations - before;
}

static void come(const char *credential, const char *scope, const char *path) {
    asker_come(&at);
    asker_header(&at, "authorization", credential);
    asker_header(&at, "x-bitting-user-id", "admin");
    asker_context(&at, "scope", scope);
    at.path = path;
}

static bt_bytes requests[5];

static void make_requests(const house_key *key) {
    const char *const credentials[] = {key->token, key->token, "junk", key->token, key->token};
    static const char *const scopes[] = {"users.read", "users.delete", "users.read", "nothing",
                                         "users.read"};
    static const char *const paths[] = {"/api/v1/users/42", "/api/v1/users", "/health", "/",
                                        "/api//v1"};
    for (size_t i = 0; i < 5; i++) {
        come(credentials[i], scopes[i], paths[i]);
        requests[i] = asker_encode(&at);
    }
}
#endif

START_TEST(a_check_asks_for_memory) {
#ifndef SANITIZED
    if (getenv("BITTING_VALGRIND")) return; /* which has an allocator of its own */
    asker_open(&at, &(bt_gate_options){.routes_file = "deploy/routes/backend-api.yaml",
                                       .send_metadata = true});
    house_key key = house_backend(&at.house, BIT(0));
    make_requests(&key);
    ck_assert_uint_gt(allocations, 0); /* the counter counts */
    unsigned seen = 0;
    for (int round = 0; round < 20; round++) {
        /* The first round is for what is set up once: the view of the table. */
        if (round < 2) seen = 0;
        for (size_t i = 0; i < 5; i++) seen += ask(requests[i]);
    }
    ck_assert_uint_eq(seen, 0);
    ck_assert_uint_eq(at.ends, 100);
    for (size_t i = 0; i < 5; i++) free((void *)(uintptr_t)requests[i].data);
    asker_close(&at);
#endif
}
END_TEST

UNIT_MAIN("envoy/allocation", a_check_asks_for_memory)
