#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "store/engine.h"

/* As exact as a tick of the kernel, and a fraction of the cost of the others. */
static int64_t coarse_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void bt_store_note_place(bt_store *store) {
    store->place = realpath(store->path, NULL);
    if (!store->place || asprintf(&store->lock_place, "%s-lock", store->place) < 0)
        store->lock_place = NULL;
}

/* A place that cannot be looked at (after chroot, or as another user) says nothing. */
static bool is_another(const char *place, dev_t device, ino_t inode) {
    struct stat there;
    if (!place || stat(place, &there)) return false;
    return there.st_dev != device || there.st_ino != inode;
}

/* Who has another lock file does not know of our readers, and writes over the pages that they look at. */
static bool look(const bt_store *store) {
    struct stat ours;
    int file;
    if (mdb_env_get_fd(store->env, &file) || fstat(file, &ours)) return true;
    if (ours.st_nlink == 0) return true;
    return is_another(store->place, ours.st_dev, ours.st_ino) ||
           is_another(store->lock_place, store->lock_device, store->lock_inode);
}

bool bt_store_look(bt_store *store) {
    if (atomic_load_explicit(&store->replaced, memory_order_relaxed)) return true;
    if (!look(store)) return false;
    atomic_store_explicit(&store->replaced, true, memory_order_relaxed);
    return true;
}

bool bt_store_is_replaced(bt_store *store) {
    if (atomic_load_explicit(&store->replaced, memory_order_relaxed)) return true;
    int64_t now_ms = coarse_ms();
    int64_t looked_ms = atomic_load_explicit(&store->looked_ms, memory_order_relaxed);
    if (looked_ms && now_ms - looked_ms < BT_STORE_LOOK_MS) return false;
    atomic_store_explicit(&store->looked_ms, now_ms, memory_order_relaxed);
    return bt_store_look(store);
}

bt_err bt_store_replaced(const bt_store *store, bt_fault *fault) {
    return bt_fail(fault, BT_ERR_UNAVAILABLE,
                   "store %s: it or its lock file was replaced by another since this process "
                   "opened it; close it, and open it anew",
                   store->path);
}
