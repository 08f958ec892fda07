#include "rpc/health.h"

#include <pthread.h>
#include <stdlib.h>

#include "rpc/wire.h"

/* grpc.health.v1.HealthCheckResponse.ServingStatus */
enum { SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3 };

/* In the arena of its call. */
typedef struct bt_watch {
    struct bt_watch *next, **link; /* link: what points to this one; NULL once it is in no list */
    bt_call *call;
    bool known; /* the service that is watched */
} bt_watch;

struct bt_health {
    const bt_method *methods;
    pthread_mutex_t lock;
    bool serving;
    bool closed;
    bt_watch *watches;
};

bt_health *bt_health_new(const bt_method *methods) {
    bt_health *health = calloc(1, sizeof *health);
    if (!health) return NULL;
    health->methods = methods;
    pthread_mutex_init(&health->lock, NULL);
    return health;
}

bt_health *bt_health_free(bt_health *health) {
    if (!health) return NULL;
    pthread_mutex_destroy(&health->lock);
    free(health);
    return NULL;
}

static bool is_service_of(bt_bytes name, const char *path) {
    size_t size = strlen(path);
    return size > name.size + 2 && path[name.size + 1] == '/' &&
           bt_bytes_equal(name, bt_bytes_of(path + 1, name.size));
}

static bool has_service(const bt_health *health, bt_bytes name) {
    if (name.size == 0) return true;
    for (const bt_method *method = health->methods; method->path; method++)
        if (is_service_of(name, method->path)) return true;
    return false;
}

/* The field `service` of the call's request. */
static bt_err read_service(bt_call *call, bt_bytes *ret_name, bt_fault *fault) {
    static const bt_wire_field fields[] = {{0}, {"service", BT_WIRE_BYTES, .offset = 0}};
    static const bt_wire_message request = {"grpc.health.v1.HealthCheckRequest", fields, 2};
    bt_bytes name = {0};
    BT_TRY(bt_wire_read(&request, call->message, &name, fault));
    *ret_name = name;
    return BT_OK;
}

static void answer(bt_call *call, uint64_t status, void (*with)(bt_call *, bt_bytes)) {
    uint8_t block[32];
    bt_out out = bt_out_into(block, sizeof block);
    bt_out_uint(&out, 1, status);
    with(call, bt_out_written(&out));
}

void bt_health_check(bt_call *call) {
    bt_fault fault = {0};
    bt_bytes name;
    bt_health *health = call->health;
    if (read_service(call, &name, &fault) == BT_OK && !has_service(health, name))
        bt_fail(&fault, BT_ERR_NOT_FOUND, "service: there is none of this name");
    if (fault.err) {
        bt_call_fail(call, &fault);
        return;
    }
    answer(call, bt_health_is_serving(health) ? SERVING : NOT_SERVING, bt_call_reply);
}

static void tell(const bt_health *health, const bt_watch *watch) {
    uint64_t status = health->serving ? SERVING : NOT_SERVING;
    answer(watch->call, watch->known ? status : SERVICE_UNKNOWN, bt_call_send);
}

static void unlink_watch(bt_watch *watch) {
    if (!watch->link) return;
    *watch->link = watch->next;
    if (watch->next) watch->next->link = watch->link;
    watch->link = NULL;
}

static void end_watch(bt_call *call) {
    bt_fault fault;
    bt_fail(&fault, BT_ERR_UNAVAILABLE, "the server is about to stop");
    bt_call_fail(call, &fault);
}

/* Under the lock, so that no change of state comes between the first message and the list. */
static void begin(bt_health *health, bt_watch *watch) {
    if (health->closed) {
        end_watch(watch->call);
        return;
    }
    watch->next = health->watches;
    watch->link = &health->watches;
    if (watch->next) watch->next->link = &watch->next;
    health->watches = watch;
    watch->call->user = watch;
    tell(health, watch);
}

void bt_health_watch(bt_call *call) {
    bt_fault fault = {0};
    bt_bytes name;
    bt_health *health = call->health;
    bt_watch *watch = bt_arena_alloc(&call->arena, sizeof *watch);
    if (!watch) bt_fail(&fault, BT_ERR_EXHAUSTED, "no memory for one more watch");
    if (!watch || read_service(call, &name, &fault)) {
        bt_call_fail(call, &fault);
        return;
    }
    watch->call = call;
    watch->known = has_service(health, name);
    pthread_mutex_lock(&health->lock);
    begin(health, watch);
    pthread_mutex_unlock(&health->lock);
}

void bt_health_unwatch(bt_call *call) {
    bt_health *health = call->health;
    bt_watch *watch = call->user;
    if (!watch) return;
    pthread_mutex_lock(&health->lock);
    unlink_watch(watch);
    pthread_mutex_unlock(&health->lock);
}

bool bt_health_is_serving(bt_health *health) {
    pthread_mutex_lock(&health->lock);
    bool serving = health->serving;
    pthread_mutex_unlock(&health->lock);
    return serving;
}

void bt_health_set_serving(bt_health *health, bool serving) {
    pthread_mutex_lock(&health->lock);
    bool changed = health->serving != serving;
    health->serving = serving;
    for (bt_watch *watch = health->watches; changed && watch; watch = watch->next)
        if (watch->known) tell(health, watch);
    pthread_mutex_unlock(&health->lock);
}

void bt_health_end_watches(bt_health *health) {
    pthread_mutex_lock(&health->lock);
    health->closed = true;
    bt_watch *watch = health->watches;
    health->watches = NULL;
    while (watch) {
        bt_call *call = watch->call;
        watch->link = NULL;
        watch = watch->next;
        end_watch(call);
    }
    pthread_mutex_unlock(&health->lock);
}
