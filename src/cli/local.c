#include "cli/local.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bt_err join(const char *folder, const char *name, char ret_path[BT_PATH_SIZE],
                   bt_fault *fault) {
    int size = snprintf(ret_path, BT_PATH_SIZE, "%s%s%s", folder, folder[0] ? "/" : "", name);
    if (size > 0 && (size_t)size < BT_PATH_SIZE) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID, "--data must be a path of 1 to %u bytes",
                   BT_PATH_SIZE - 1);
}

bt_err bt_place_directory(const bt_place *place, char ret_path[BT_PATH_SIZE], bt_fault *fault) {
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char here[BT_PATH_SIZE];
    if (place->data && (place->data[0] == '/' || !place->data[0]))
        return join("", place->data, ret_path, fault);
    if (place->data && !getcwd(here, sizeof here))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "the current directory is not known: %s",
                       strerror(errno));
    if (place->data) return join(here, place->data, ret_path, fault);
    if (state && state[0] == '/') return join(state, "bitting", ret_path, fault);
    if (home && home[0] == '/') return join(home, ".local/state/bitting", ret_path, fault);
    return bt_fail(fault, BT_ERR_INVALID, "neither --data nor HOME says where the store is");
}

static bt_err open_local(const bt_place *place, bt_store_mode mode, bt_local *ret_local,
                         bt_fault *fault) {
    char directory[BT_PATH_SIZE];
    BT_TRY(bt_place_directory(place, directory, fault));
    bt_store_options options = {.directory = directory, .pepper_file = place->pepper, .mode = mode};
    BT_TRY(bt_store_open(&options, &ret_local->store, fault));
    ret_local->service = (bt_service){.store = ret_local->store};
    ret_local->session = (bt_session){.service = &ret_local->service};
    ret_local->caller = bt_caller_administrator();
    BT_TRY(bt_snapshot_open(ret_local->store, &ret_local->session.snapshot, fault));
    bt_err err = bt_snapshot_renew(ret_local->session.snapshot);
    return err ? bt_fail(fault, err, "the store in %s cannot be read", directory) : BT_OK;
}

bool bt_local_open(const bt_place *place, bt_store_mode mode, bt_local *ret_local) {
    bt_fault fault;
    *ret_local = (bt_local){0};
    if (!open_local(place, mode, ret_local, &fault)) return true;
    bt_local_failed(&fault);
    bt_local_close(ret_local);
    return false;
}

void bt_local_close(bt_local *local) {
    bt_snapshot_close(local->session.snapshot);
    bt_store_close(local->store);
    *local = (bt_local){0};
}

int bt_local_failed(const bt_fault *fault) {
    fprintf(stderr, "bitting: %s\n", fault->text);
    return BT_EXIT_FAILED;
}
