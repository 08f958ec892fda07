/* grpc.health.v1.Health for the whole program: every service it has is serving, or none is. Shared
 * by the transports; safe from any thread. */
#ifndef BT_RPC_HEALTH_H
#define BT_RPC_HEALTH_H

#include "rpc/call.h"

/* The services are those of the methods' paths, and "" for the program. methods must outlive it.
 * Not serving yet. NULL without memory. */
bt_health *bt_health_new(const bt_method *methods);

/* All watches must have ended. NULL is taken; returns NULL. */
bt_health *bt_health_free(bt_health *health);

bool bt_health_is_serving(bt_health *health);

/* Tells every watcher. */
void bt_health_set_serving(bt_health *health, bool serving);

/* For the end of a drain: every watch is ended with UNAVAILABLE, and so is each that comes later.
 */
void bt_health_end_watches(bt_health *health);

/* The handlers, with their paths; /Watch is a BT_METHOD_WATCH whose `ended` is bt_health_unwatch.
 */
#define BT_HEALTH_CHECK_PATH "/grpc.health.v1.Health/Check"
#define BT_HEALTH_WATCH_PATH "/grpc.health.v1.Health/Watch"
#define BT_HEALTH_REQUEST_MAX 512u
void bt_health_check(bt_call *call);
void bt_health_watch(bt_call *call);
void bt_health_unwatch(bt_call *call);

#endif
