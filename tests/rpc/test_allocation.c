/* rooms: rpc support */
#include <stdio.h>

#include "rpc/call.h"
#include "support/house.h"
#include "unit.h"

/* Counts what is asked of the heap, by whomever. The sanitizers have an allocator of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static unsigned allocations;

#ifndef SANITIZED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
int posix_memalign(void **ret_block, size_t alignment, size_t size);

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
int posix_memalign(void **ret_block, size_t alignment, size_t size) {
    allocations++;
    *ret_block = __libc_memalign(alignment, size);
    return *ret_block ? 0 : 12;
}
#endif

static unsigned ends;

static void take_reply(bt_call *call, bt_bytes message) {
    (void)call;
    ends += message.size > 0;
}

static void take_failure(bt_call *call, const bt_fault *fault) {
    (void)call;
    fprintf(stderr, "%s\n", fault->text);
}

/* A request with this token in field 1, and more fields after it. */
static bt_bytes request_with(const char *token, const char *more, uint8_t block[256]) {
    size_t size = strlen(token);
    block[0] = 0x0A;
    block[1] = (uint8_t)size;
    memcpy(block + 2, token, size);
    memcpy(block + 2 + size, more, strlen(more));
    return bt_bytes_of(block, 2 + size + strlen(more));
}

static void run(test_house *house, const char *path, const char *credential, bt_bytes request) {
    static const bt_call_transport transport = {.reply = take_reply, .fail = take_failure};
    static uint8_t arena[BT_CALL_ARENA];
    bt_listener_policy listener = {.trusted = !credential, .environment = "test"};
    const bt_method *method = bt_methods;
    while (strcmp(method->path, path) != 0) method++;
    bt_call call = {.method = method,
                    .session = &house->session,
                    .listener = &listener,
                    .transport = &transport,
                    .message = request,
                    .authorization = bt_bytes_text(credential),
                    .deadline_ms = BT_NEVER_MS};
    bt_arena_init(&call.arena, arena, sizeof arena);
    bt_call_dispatch(&call);
}

START_TEST(a_check_asks_for_memory) {
    static const char *const more[] = {
        "\x12\x0ausers.read",                    /* allowed */
        "\x12\x0cusers.delete\x12\x09orgs.read", /* missing */
        ("\x18\x07\x20\x02\x42\x09"
         "127.0.0.1\x38\x01"), /* mask, any, address, kind */
    };
    static const char check[] = "/bitting.v1.CheckService/CheckScope";
    static const char validate[] = "/bitting.v1.CheckService/Validate";
    if (getenv("BITTING_VALGRIND")) return; /* which has an allocator of its own too */
    test_house house;
    house_open(&house);
    house_key good = house_backend(&house, BIT(0) | BIT(BT_SCOPE_APIKEYS_VALIDATE));
    house_key revoked = house_backend(&house, 1);
    house_revoke(&house, &revoked);
    const char *const tokens[] = {good.token, revoked.token, "junk"};
    const char *const credentials[] = {NULL, good.token};
#ifndef SANITIZED
    ck_assert_uint_gt(allocations, 0); /* the counter counts */
#endif
    unsigned expected = 0;
    for (int round = 0; round < 2; round++) {
        /* The first round is for what a library sets up once. */
        allocations = 0;
        for (size_t i = 0; i < 18; i++, expected += 2) {
            uint8_t block[256];
            const char *credential = credentials[i / 9];
            bt_bytes request = request_with(tokens[i % 3], more[i / 3 % 3], block);
            run(&house, check, credential, request);
            run(&house, validate, credential, request_with(tokens[i % 3], "", block));
        }
    }
    unsigned seen = allocations; /* an assertion allocates too */
    ck_assert_uint_eq(seen, 0);
    ck_assert_uint_eq(ends, expected);
    house_close(&house);
}
END_TEST

UNIT_MAIN("allocation", a_check_asks_for_memory)
