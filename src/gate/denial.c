/* What the client of a denied request gets. Bodies are {"error": kind, "message": text}; nothing of a request is ever
 * in them, or in a header. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "gate/parts.h"

#include <stdatomic.h>

#define BODY(kind, message) BT_LITERAL("{\"error\":\"" kind "\",\"message\":\"" message "\"}\n")

static void add_reply(bt_gate_decision *decision, const char *name, bt_bytes value) {
    decision->reply[decision->reply_count++] = (bt_field){bt_bytes_text(name), value};
}

void bt_gate_deny(bt_gate_decision *decision, unsigned status, const char *kind, bt_bytes body) {
    decision->status = status;
    decision->kind = kind;
    decision->body = body;
    decision->reply_count = 0;
    add_reply(decision, "content-type", BT_LITERAL("application/json"));
}

/* One answer for all that can be wrong with a credential, so that nothing can be probed. */
void bt_gate_deny_credential(bt_gate_decision *decision) {
    bt_gate_deny(decision, 401, "invalid_credential",
                 BODY("invalid_credential", "a valid API key is needed"));
    add_reply(decision, "www-authenticate", BT_LITERAL("Bearer"));
}

void bt_gate_deny_resource(bt_gate_decision *decision) {
    bt_gate_deny(decision, 403, "resource_not_granted",
                 BODY("resource_not_granted", "the API key is not for this resource"));
}

void bt_gate_deny_rate(bt_gate_decision *decision) {
    bt_gate_deny(decision, 429, "rate_limited",
                 BODY("rate_limited", "the API key has made too many requests"));
    add_reply(decision, "retry-after", BT_LITERAL("1"));
}

typedef struct text {
    char *data;
    size_t size, capacity;
} text;

static void put(text *to, const char *from) {
    int size = snprintf(to->data + to->size, to->capacity - to->size, "%s", from);
    if (size > 0 && (size_t)size < to->capacity - to->size) to->size += (size_t)size;
}

/* Static texts of ours: printable ASCII. */
static void put_json(text *to, const char *from) {
    for (char one[3]; *from; from++) {
        snprintf(one, sizeof one, *from == '"' || *from == '\\' ? "\\%c" : "%c", *from);
        put(to, one);
    }
}

static bt_bytes text_bytes(const text *from) {
    return bt_bytes_of(from->data, from->size);
}

void bt_gate_deny_with(bt_gate_decision *decision, const char *kind, const char *message,
                       bt_arena *arena) {
    text body = {.data = bt_arena_alloc(arena, 512), .capacity = 512};
    bt_gate_deny(decision, 403, kind, BODY("forbidden", "the request is not allowed"));
    if (!body.data) return;
    put(&body, "{\"error\":\"");
    put(&body, kind);
    put(&body, "\",\"message\":\"");
    put_json(&body, message);
    put(&body, "\"}\n");
    decision->body = text_bytes(&body);
}

static void put_names(text *to, uint64_t mask, const bt_catalogue *catalogue, const char *between) {
    bool first = true;
    for (uint64_t rest = mask; rest; rest = bt_mask_without_lowest(rest), first = false) {
        if (!first) put(to, between);
        put(to, catalogue->scopes[bt_mask_lowest(rest)].name);
    }
}

/* Scopes of the catalogue are named; bit 63 stands for one that it does not have any more. Challenge: RFC 6750, 3.1. */
void bt_gate_deny_scope(bt_gate_decision *decision, uint64_t missing, const bt_catalogue *catalogue,
                        bt_arena *arena) {
    const size_t capacity = BT_MASK_BITS * (BT_SCOPE_NAME_MAX + 2) + 128;
    text body = {.data = bt_arena_alloc(arena, capacity), .capacity = capacity};
    text challenge = {.data = bt_arena_alloc(arena, capacity), .capacity = capacity};
    bt_gate_deny(decision, 403, "missing_scope",
                 BODY("missing_scope", "the API key lacks a scope"));
    missing &= ~BT_MASK_FORBIDDEN;
    if (!body.data || !challenge.data || !missing) return;
    put(&body, "{\"error\":\"missing_scope\",\"message\":\"the API key lacks the scope ");
    put_names(&body, missing, catalogue, ", ");
    put(&body, "\"}\n");
    decision->body = text_bytes(&body);
    put(&challenge, "Bearer error=\"insufficient_scope\", scope=\"");
    put_names(&challenge, missing, catalogue, " ");
    put(&challenge, "\"");
    add_reply(decision, "www-authenticate", text_bytes(&challenge));
}

/* Once a second at most, whichever thread it is. */
static void complain(const bt_fault *fault) {
    static _Atomic int64_t last_ns = INT64_MIN / 2;
    int64_t now_ns = bt_clock_monotonic_ns(), before = atomic_load(&last_ns);
    if (now_ns - before < INT64_C(1000000000)) return;
    if (!atomic_compare_exchange_strong(&last_ns, &before, now_ns)) return;
    bt_log(BT_LOG_ERROR, "a request was denied because it could not be decided on: %s",
           fault->text);
}

/* A request can be what brings a wrong one about (its path chooses what the configuration says, its headers may be too
 * many), and would be let in by a proxy that fails open. So only what has nothing to do with it counts as an outage. */
static bool is_outage(bt_err err) {
    return err == BT_ERR_UNAVAILABLE || err == BT_ERR_UNAUTHENTICATED || err == BT_ERR_INTERNAL;
}

void bt_gate_broken(const bt_fault *fault, bt_gate_decision *ret_decision) {
    complain(fault);
    *ret_decision = (bt_gate_decision){.broken = is_outage(fault->err)};
    bt_gate_deny(ret_decision, 503, "unavailable",
                 BODY("unavailable", "the request cannot be authorized now"));
}

void bt_gate_unreadable(bt_gate_decision *ret_decision) {
    *ret_decision = (bt_gate_decision){0};
    bt_gate_deny(ret_decision, 403, "not_http",
                 BODY("not_http", "only HTTP requests can be authorized"));
}
