/* The store of --data, for a command that works on it directly, beside a server or without one. Who can open
 * the store's files is its administrator, and needs no key. */
#ifndef BT_CLI_LOCAL_H
#define BT_CLI_LOCAL_H

#include "cli/options.h"
#include "service/session.h"

typedef struct bt_place {
    const char *data;   /* NULL: the default directory */
    const char *pepper; /* NULL: "pepper" in that directory */
} bt_place;

/* The flags that say where the store is; `place` is a bt_place. */
#define BT_PLACE_FLAGS(place)                                                                      \
    {.name = "data",                                                                               \
     .value = "DIR",                                                                               \
     .help = "directory of the store (default: $XDG_STATE_HOME/bitting)",                          \
     .text = &(place).data},                                                                       \
    {                                                                                              \
        .name = "pepper", .value = "FILE",                                                         \
        .help = "file of the secret that digests are made under (default: DIR/pepper)",            \
        .text = &(place).pepper                                                                    \
    }

#define BT_PATH_SIZE 4096u

/* The directory of --data, or $XDG_STATE_HOME/bitting, or $HOME/.local/state/bitting. */
bt_err bt_place_directory(const bt_place *place, char ret_path[BT_PATH_SIZE], bt_fault *fault);

typedef struct bt_local {
    bt_store *store;
    bt_service service; /* without a writer: changes are durable when they return */
    bt_session session; /* its snapshot is renewed */
    bt_caller caller;   /* the administrator */
} bt_local;

/* False, and it has been said on standard error why, where the store cannot be opened. Not to be moved
 * afterwards. */
bool bt_local_open(const bt_place *place, bt_store_mode mode, bt_local *ret_local);
/* Takes one that was never opened, as long as it is zero. */
void bt_local_close(bt_local *local);

/* Prints "bitting: " and the fault on standard error. Returns BT_EXIT_FAILED. */
int bt_local_failed(const bt_fault *fault);

#endif
