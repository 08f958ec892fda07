#include "store/foreign_peppers.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "key/foreign_pepper.h"
#include "store/engine.h"
#include "store/pepper_source.h"

struct bt_known_pepper {
    bt_known_pepper *next;
    char name[BT_PEPPER_NAME_MAX + 1];
    uint8_t mark[BT_PEPPER_MARK_SIZE];
    bt_foreign_pepper *pepper;
};

static void free_known(bt_known_pepper *known) {
    bt_foreign_pepper_free(known->pepper);
    free(known);
}

void bt_store_free_peppers(bt_store *store) {
    while (store->peppers) {
        bt_known_pepper *next = store->peppers->next;
        free_known(store->peppers);
        store->peppers = next;
    }
}

static const bt_known_pepper *find_known(const bt_store *store, const char *name,
                                         const uint8_t mark[BT_PEPPER_MARK_SIZE]) {
    const bt_known_pepper *known = store->peppers;
    while (known &&
           (strcmp(known->name, name) != 0 || memcmp(known->mark, mark, sizeof known->mark) != 0))
        known = known->next;
    return known;
}

static bt_err load(const bt_store *store, const char *name, bt_foreign_pepper **ret_pepper,
                   bt_fault *fault) {
    char credential[sizeof BT_PEPPER_CREDENTIAL "." + BT_PEPPER_NAME_MAX];
    snprintf(credential, sizeof credential, "%s.%s", BT_PEPPER_CREDENTIAL, name);
    char *path = bt_pepper_credential(credential), *folder = NULL;
    if (!path) folder = bt_directory_path(store->directory, BT_PEPPERS_FOLDER);
    if (folder) path = bt_directory_path(folder, name);
    free(folder);
    if (!path) return bt_fail(fault, BT_ERR_EXHAUSTED, "pepper: no memory for its path");
    bt_fault inner;
    bt_err err = bt_foreign_pepper_load(path, store->owner, ret_pepper, &inner);
    free(path);
    if (!err) return BT_OK;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "%s; the other system's pepper must lie there, mode 0600, or be the systemd "
                   "credential %s",
                   inner.text, credential);
}

/* Takes it over, or gives it back where it is known already. What is known is never taken away, so that nobody who uses
 * it needs the lock. */
static const bt_known_pepper *keep(bt_store *store, bt_known_pepper *fresh) {
    pthread_mutex_lock(&store->peppers_lock);
    const bt_known_pepper *known = find_known(store, fresh->name, fresh->mark);
    if (!known) {
        fresh->next = store->peppers;
        store->peppers = fresh;
    }
    pthread_mutex_unlock(&store->peppers_lock);
    if (!known) return fresh;
    free_known(fresh);
    return known;
}

static bt_err read_one(bt_store *store, const char *name, const bt_known_pepper **ret_known,
                       bt_fault *fault) {
    bt_known_pepper *fresh = calloc(1, sizeof *fresh);
    if (!fresh) return bt_fail(fault, BT_ERR_EXHAUSTED, "pepper: no memory");
    bt_err err = load(store, name, &fresh->pepper, fault);
    if (err) {
        free_known(fresh);
        return err;
    }
    snprintf(fresh->name, sizeof fresh->name, "%s", name);
    bt_foreign_pepper_mark(store->pepper, fresh->pepper, fresh->mark);
    *ret_known = keep(store, fresh);
    return BT_OK;
}

bt_err bt_store_foreign_pepper(bt_store *store, const char *name,
                               const bt_foreign_pepper **ret_pepper,
                               uint8_t ret_mark[BT_PEPPER_MARK_SIZE], bt_fault *fault) {
    const bt_known_pepper *known;
    BT_TRY(read_one(store, name, &known, fault));
    *ret_pepper = known->pepper;
    memcpy(ret_mark, known->mark, sizeof known->mark);
    return BT_OK;
}

static bt_err find_of_scheme(bt_store *store, const bt_scheme *scheme,
                             const bt_known_pepper **ret_known, bt_fault *fault) {
    pthread_mutex_lock(&store->peppers_lock);
    const bt_known_pepper *known = find_known(store, scheme->pepper_name, scheme->pepper_mark);
    pthread_mutex_unlock(&store->peppers_lock);
    if (!known) BT_TRY(read_one(store, scheme->pepper_name, &known, fault));
    if (memcmp(known->mark, scheme->pepper_mark, sizeof known->mark) != 0)
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "pepper %s: is another than the one that keys were imported with; bring "
                       "that one back",
                       scheme->pepper_name);
    *ret_known = known;
    return BT_OK;
}

static bool lacks(const bt_scheme *scheme) {
    return scheme->method != BT_HASH_SHA256 && !scheme->forgotten && !scheme->pepper;
}

bool bt_store_find_peppers(bt_store *store, bt_environments *environments) {
    bool all = true;
    for (size_t i = 0; i < environments->count; i++)
        for (size_t j = 0; j < environments->list[i].schemes_count; j++) {
            bt_scheme *scheme = &environments->list[i].schemes[j];
            const bt_known_pepper *known;
            if (!lacks(scheme)) continue;
            if (find_of_scheme(store, scheme, &known, NULL) == BT_OK)
                scheme->pepper = known->pepper;
            else
                all = false;
        }
    return all;
}

bt_err bt_store_check_pepper(bt_store *store, const bt_environment *environment,
                             const bt_scheme *scheme, bt_fault *fault) {
    const bt_known_pepper *known;
    bt_fault inner;
    if (!lacks(scheme)) return BT_OK;
    bt_err err = find_of_scheme(store, scheme, &known, &inner);
    if (!err) return BT_OK; /* since a moment */
    return bt_fail(fault, err,
                   "imported keys of environment %s: %s (lost? `bitting env set %s "
                   "--forget-pepper %s`)",
                   environment->name, inner.text, environment->name, scheme->pepper_name);
}

bt_err bt_store_check_peppers(bt_store *store, const bt_environments *environments,
                              bt_fault *fault) {
    for (size_t i = 0; i < environments->count; i++)
        for (size_t j = 0; j < environments->list[i].schemes_count; j++)
            BT_TRY(bt_store_check_pepper(store, &environments->list[i],
                                         &environments->list[i].schemes[j], fault));
    return BT_OK;
}
