#include "support/house.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static void must(bt_err err, const bt_fault *fault, const char *what) {
    if (!err) return;
    fprintf(stderr, "house: %s: %d %s\n", what, (int)err, fault ? fault->text : "");
    abort();
}

/* A change by the test itself, past the service. */
typedef struct meddling {
    bt_change change;
    const char *name;
    bt_key_id id;
    void (*edit)(bt_record *record);
} meddling;

static void meddle(test_house *house, meddling *wish, const char *what) {
    wish->change.deadline_ms = BT_NEVER_MS;
    bt_store_change(house->service.store, &wish->change);
    must(wish->change.fault.err, &wish->change.fault, what);
    house_renew(house);
}

static bt_err add_prod(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)change, (void)fault;
    bt_environments all = *bt_txn_environments(txn);
    bt_environment *prod = &all.list[all.count++];
    *prod = (bt_environment){.id = 2,
                             .name = "prod",
                             .prefix = "acme_live",
                             .kinds = BT_KINDS_ALL,
                             .max_life_ms = BT_NEVER_MS};
    return bt_txn_put_environments(txn, &all);
}

static bt_err retire(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    bt_catalogue catalogue = *bt_txn_catalogue(txn);
    int bit = bt_catalogue_find(&catalogue, bt_bytes_text(((meddling *)change)->name));
    if (bit < 0) return BT_ERR_NOT_FOUND;
    catalogue.scopes[bit].retired = true;
    bt_catalogue_seal(&catalogue);
    return bt_txn_put_catalogue(txn, &catalogue);
}

static bt_err alter(bt_change *change, bt_txn *txn, bt_fault *fault) {
    meddling *wish = (meddling *)change;
    uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_record record;
    bt_detail detail;
    bt_caller administrator = bt_caller_administrator();
    bt_arena_init(&arena, block, sizeof block);
    BT_TRY(bt_mutation_find(txn, &administrator, &wish->id, &arena, &record, &detail, fault));
    wish->edit(&record);
    return bt_txn_update_key(txn, &record, &detail);
}

void house_open(test_house *house) {
    const char *parent = getenv("TMPDIR");
    bt_fault fault = {0};
    *house = (test_house){.administrator = bt_caller_administrator()};
    snprintf(house->base, sizeof house->base, "%.200s/bitting-test-XXXXXX",
             parent ? parent : "/tmp");
    if (!mkdtemp(house->base)) must(BT_ERR_INTERNAL, NULL, "mkdtemp");
    snprintf(house->directory, sizeof house->directory, "%s/data", house->base);
    /* Less than the default, which is more than valgrind has to give. */
    bt_store_options options = {
        .directory = house->directory, .mode = BT_STORE_CREATE, .map_size = (size_t)1 << 30};
    must(bt_store_open(&options, &house->service.store, &fault), &fault, "open");
    house->session.service = &house->service;
    must(bt_snapshot_open(house->service.store, &house->session.snapshot, &fault), &fault,
         "snapshot");
    meddle(house, &(meddling){.change.apply = add_prod}, "add prod");
}

void house_start_writer(test_house *house) {
    bt_fault fault;
    must(bt_writer_start(house->service.store, 1000, &house->service.writer, &fault), &fault,
         "writer");
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void house_close(test_house *house) {
    if (!house->base[0]) return;
    house->service.writer = bt_writer_stop(house->service.writer);
    house->session.snapshot = bt_snapshot_close(house->session.snapshot);
    house->service.store = bt_store_close(house->service.store);
    nftw(house->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    house->base[0] = '\0';
}

void house_renew(test_house *house) {
    bt_snapshot_reset(house->session.snapshot);
    must(bt_snapshot_renew(house->session.snapshot), NULL, "renew");
}

house_key house_create(test_house *house, bt_create_key_request request) {
    bt_service service = {.store = house->service.store};
    bt_create_key create = {.request = request};
    house_key key;
    if (!request.environment.size) create.request.environment = BT_LITERAL("test");
    if (!request.name.size) create.request.name = BT_LITERAL("a key");
    if (!request.expiry.expires_ms) create.request.expiry.expires_ms = BT_NEVER_MS;
    bt_create_key_run(&create, &service, &house->administrator);
    must(create.mutation.change.fault.err, &create.mutation.change.fault, "create");
    memcpy(key.token, create.issued.token, sizeof key.token);
    bt_key_id_format(&create.issued.key.id, key.id);
    house_renew(house);
    return key;
}

house_key house_backend(test_house *house, uint64_t mask) {
    return house_create(house, (bt_create_key_request){.grant.scope_mask = mask});
}

house_key house_full_access(test_house *house) {
    return house_create(house, (bt_create_key_request){.grant.preset = BT_LITERAL("full_access")});
}

void house_revoke(test_house *house, const house_key *key) {
    bt_service service = {.store = house->service.store};
    bt_revoke_key revoke = {.key_id = bt_bytes_text(key->id)};
    bt_revoke_key_run(&revoke, &service, &house->administrator);
    must(revoke.mutation.change.fault.err, &revoke.mutation.change.fault, "revoke");
    house_renew(house);
}

void house_alter(test_house *house, const house_key *key, void (*edit)(bt_record *record)) {
    meddling wish = {.change.apply = alter, .edit = edit};
    if (!bt_key_id_parse(bt_bytes_text(key->id), &wish.id)) abort();
    meddle(house, &wish, "alter");
}

void house_retire(test_house *house, const char *scope) {
    meddle(house, &(meddling){.change.apply = retire, .name = scope}, "retire");
}

bt_caller house_caller(test_house *house, const house_key *key) {
    bt_fault fault;
    bt_caller caller;
    must(bt_caller_authenticate(&house->session, bt_bytes_text(key->token), 0, NULL, &caller,
                                &fault),
         &fault, "authenticate");
    return caller;
}
