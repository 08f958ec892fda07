#include <pthread.h>

#include "store/engine.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bt_store *stores;
/* How many forks lie between the process that loaded this code and this one. Written by the child
 * alone, before it has a second thread. */
static unsigned long process;

/* A child has none of its parent's stores: locks of LMDB belong to the parent's process number. */
static void forget_all(void) {
    pthread_mutex_init(&mutex, NULL);
    stores = NULL;
    process++;
}

static void watch_forks(void) {
    pthread_atfork(NULL, NULL, forget_all);
}

void bt_registry_lock(void) {
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&mutex);
}

void bt_registry_unlock(void) {
    pthread_mutex_unlock(&mutex);
}

bt_store *bt_registry_find(const bt_directory *directory) {
    bt_store *store = stores;
    while (store && (store->device != directory->device || store->inode != directory->inode))
        store = store->next;
    return store;
}

void bt_registry_add(bt_store *store, const bt_directory *directory) {
    store->device = directory->device;
    store->inode = directory->inode;
    store->process = process;
    store->next = stores;
    stores = store;
}

void bt_registry_remove(bt_store *store) {
    for (bt_store **at = &stores; *at; at = &(*at)->next)
        if (*at == store) {
            *at = store->next;
            return;
        }
}

bool bt_store_usable(const bt_store *store) {
    return store->process == process;
}

bt_err bt_store_forked(const bt_store *store, bt_fault *fault) {
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "store %s: was opened before a fork; open it anew in this process",
                   store->directory);
}
