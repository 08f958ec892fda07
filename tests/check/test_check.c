#include <ftw.h>
#include <stdio.h>

#include "check/check.h"
#include "key/owner.h"
#include "store/stops.h"
#include "unit.h"

static char base[] = "/tmp/bitting-check-XXXXXX";
static bt_store *store;
static bt_snapshot *snapshot;

static void open_store(void) {
    char directory[64];
    bt_fault fault = {0};
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(directory, sizeof directory, "%s/data", base);
    bt_store_options options = {
        .directory = directory, .mode = BT_STORE_CREATE, .map_size = 1 << 26};
    ck_assert_msg(!bt_store_open(&options, &store, &fault), "%s", fault.text);
    ck_assert(!bt_snapshot_open(store, &snapshot, &fault));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void close_store(void) {
    snapshot = bt_snapshot_close(snapshot);
    store = bt_store_close(store);
    nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A change that calls one function. */
typedef struct step {
    bt_change change;
    bt_err (*run)(struct step *step, bt_txn *txn);
    bt_record record;
    char token[BT_TOKEN_MAX + 1];
    bt_bytes narrow;
    bt_stop_key stop;
    bt_stop_why why;
    bool stop_with_creator;
} step;

static bt_err apply(bt_change *change, bt_txn *txn, bt_fault *fault) {
    (void)fault;
    step *self = (step *)change;
    return self->run(self, txn);
}

static void run(step *self, bt_err (*function)(step *, bt_txn *)) {
    self->change = (bt_change){.apply = apply, .deadline_ms = BT_NEVER_MS};
    self->run = function;
    ck_assert_int_eq(bt_store_change(store, &self->change), BT_OK);
}

static bt_err insert(step *self, bt_txn *txn) {
    const bt_environment *test = bt_environment_find(bt_txn_environments(txn), BT_LITERAL("test"));
    bt_token_mint(bt_bytes_text(test->prefix), self->token);
    bt_digest digest = bt_digest_token(bt_store_pepper(store), bt_bytes_text(test->name),
                                       bt_bytes_text(self->token));
    self->record.version = BT_RECORD_VERSION;
    self->record.environment = test->id;
    self->record.key_id = bt_key_id_make(1790000000000);
    if (!self->record.expires_ms) self->record.expires_ms = BT_NEVER_MS;
    bt_record_set_digest(&self->record, &digest);
    bt_detail detail = {.name = BT_LITERAL("key"), .created_by = BT_LITERAL("cli")};
    BT_TRY(bt_txn_put_narrow(txn, &self->record.key_id, self->narrow));
    return bt_txn_insert_key(txn, bt_digest_slot(&digest), &self->record, &detail);
}

static bt_err put_stop(step *self, bt_txn *txn) {
    return bt_txn_put_stop(txn, &self->stop, self->why);
}

static bt_err delete_stop(step *self, bt_txn *txn) {
    return bt_txn_delete_stop(txn, &self->stop);
}

static bt_err set_creator_rule(step *self, bt_txn *txn) {
    bt_environments environments = *bt_txn_environments(txn);
    environments.list[0].org_keys_stop_with_creator = self->stop_with_creator;
    return bt_txn_put_environments(txn, &environments);
}

static bt_err ask(const char *token, bt_answer *ret_answer) {
    ck_assert(!bt_snapshot_renew(snapshot));
    const bt_environment *test =
        bt_environment_find(bt_snapshot_environments(snapshot), BT_LITERAL("test"));
    bt_question question = {.needed = 1,
                            .client = {.family = BT_FAMILY_4, .bytes = {192, 0, 2, 7}},
                            .resource = BT_LITERAL("project:42"),
                            .now_ms = 1790000000001};
    return bt_check_token(snapshot, bt_store_pepper(store), bt_bytes_text(token), test, &question,
                          ret_answer);
}

static bt_reason reason_of(const step *self) {
    bt_answer answer;
    ck_assert_int_eq(ask(self->token, &answer), BT_OK);
    bt_reason reason = answer.verdict.reason;
    bt_snapshot_reset(snapshot);
    return reason;
}

static step owned_key(bt_kind kind, const char *user, const char *org) {
    step self = {.record = {.mask = 1, .kind = (uint8_t)kind}};
    bt_owner_ref user_ref = bt_owner_ref_make(1, BT_OWNER_USER, bt_bytes_text(user), 0);
    bt_owner_ref org_ref = bt_owner_ref_make(1, BT_OWNER_ORG, bt_bytes_text(org), 0);
    if (user) self.record.flags |= BT_RECORD_USER;
    if (user) memcpy(self.record.user_ref, user_ref.bytes, BT_REF_SIZE);
    if (org) self.record.flags |= BT_RECORD_ORG;
    if (org) memcpy(self.record.org_ref, org_ref.bytes, BT_REF_SIZE);
    run(&self, insert);
    return self;
}

static void stop(const char *user, const char *org, bt_stop_why why) {
    step self = {.why = why};
    if (user) self.stop.user = bt_owner_ref_make(1, BT_OWNER_USER, bt_bytes_text(user), 0);
    if (org) self.stop.org = bt_owner_ref_make(1, BT_OWNER_ORG, bt_bytes_text(org), 0);
    run(&self, why ? put_stop : delete_stop);
}

START_TEST(a_token_finds_the_wrong_key) {
    open_store();
    step one = {.record = {.mask = 1, .kind = BT_KIND_BACKEND}};
    step two = {.record = {.mask = 2, .kind = BT_KIND_BACKEND, .flags = BT_RECORD_REVOKED}};
    run(&one, insert);
    run(&two, insert);
    ck_assert_int_eq(reason_of(&one), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason_of(&two), BT_REASON_REVOKED);
    bt_answer answer;
    char token[BT_TOKEN_MAX + 1];
    bt_token_mint(BT_LITERAL("bt_test"), token);
    ck_assert(!ask(token, &answer));
    ck_assert_int_eq(answer.verdict.reason, BT_REASON_UNKNOWN_KEY);
    bt_token_mint(BT_LITERAL("bt_prod"), token);
    ck_assert(!ask(token, &answer));
    ck_assert_int_eq(answer.verdict.reason, BT_REASON_MALFORMED_TOKEN);
    close_store();
}
END_TEST

START_TEST(a_stop_is_late_or_reaches_others) {
    open_store();
    step hers = owned_key(BT_KIND_PERSONAL, "ann", NULL);
    step his = owned_key(BT_KIND_PERSONAL, "bob", NULL);
    step orgs = owned_key(BT_KIND_ORG, "ann", "acme");
    step other = owned_key(BT_KIND_ORG, NULL, "umbrella");
    stop("ann", NULL, BT_STOP_BLOCKED);
    ck_assert_int_eq(reason_of(&hers), BT_REASON_OWNER_STOPPED);
    ck_assert_int_eq(reason_of(&his), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason_of(&orgs), BT_REASON_ALLOWED);
    stop(NULL, "acme", BT_STOP_DELETED);
    ck_assert_int_eq(reason_of(&orgs), BT_REASON_OWNER_STOPPED);
    ck_assert_int_eq(reason_of(&other), BT_REASON_ALLOWED);
    stop("ann", NULL, 0);
    ck_assert_int_eq(reason_of(&hers), BT_REASON_ALLOWED);
    ck_assert_int_eq(reason_of(&orgs), BT_REASON_OWNER_STOPPED);
    stop(NULL, "acme", 0);
    ck_assert_int_eq(reason_of(&orgs), BT_REASON_ALLOWED);
    ck_assert(!bt_snapshot_renew(snapshot));
    ck_assert_uint_eq(bt_snapshot_head(snapshot)->flags & BT_HEAD_STOPPED_OWNERS, 0);
    bt_snapshot_reset(snapshot);
    close_store();
}
END_TEST

START_TEST(a_maker_who_leaves_stops_the_organizations_key_unasked) {
    open_store();
    step key = owned_key(BT_KIND_ORG, "ann", "acme");
    stop("ann", "acme", BT_STOP_ENDED);
    ck_assert_int_eq(reason_of(&key), BT_REASON_ALLOWED);
    step rule = {.stop_with_creator = true};
    run(&rule, set_creator_rule);
    ck_assert_int_eq(reason_of(&key), BT_REASON_OWNER_STOPPED);
    stop("ann", "acme", 0);
    ck_assert_int_eq(reason_of(&key), BT_REASON_ALLOWED);
    stop("ann", NULL, BT_STOP_BLOCKED);
    ck_assert_int_eq(reason_of(&key), BT_REASON_OWNER_STOPPED);
    close_store();
}
END_TEST

START_TEST(a_narrowed_key_is_good_beyond_its_bounds) {
    open_store();
    bt_narrow narrow = {.networks_count = 1, .selectors_count = 1};
    ck_assert(bt_network_parse(BT_LITERAL("192.0.2.0/24"), &narrow.networks[0]));
    ck_assert(bt_selector_parse(BT_LITERAL("project:4*"), &narrow.selectors[0]));
    uint8_t row[BT_NARROW_MAX];
    step key = {.record = {.mask = 1, .kind = BT_KIND_BACKEND, .flags = BT_RECORD_NARROW}};
    key.narrow = bt_bytes_of(row, bt_narrow_encode(&narrow, row));
    run(&key, insert);
    ck_assert_int_eq(reason_of(&key), BT_REASON_ALLOWED);
    bt_network_parse(BT_LITERAL("198.51.100.0/24"), &narrow.networks[0]);
    key.narrow = bt_bytes_of(row, bt_narrow_encode(&narrow, row));
    run(&key, insert);
    ck_assert_int_eq(reason_of(&key), BT_REASON_ADDRESS_NOT_ALLOWED);
    narrow.networks_count = 0;
    bt_selector_parse(BT_LITERAL("project:5*"), &narrow.selectors[0]);
    key.narrow = bt_bytes_of(row, bt_narrow_encode(&narrow, row));
    run(&key, insert);
    ck_assert_int_eq(reason_of(&key), BT_REASON_RESOURCE_NOT_GRANTED);
    key.narrow = (bt_bytes){0};
    run(&key, insert);
    bt_answer answer;
    ck_assert_int_eq(ask(key.token, &answer), BT_ERR_INTERNAL);
    close_store();
}
END_TEST

START_TEST(a_deleted_owner_comes_back_with_old_keys) {
    open_store();
    bt_owner_ref first = bt_owner_ref_make(1, BT_OWNER_USER, BT_LITERAL("ann"), 0);
    bt_owner_ref second = bt_owner_ref_make(1, BT_OWNER_USER, BT_LITERAL("ann"), 1);
    bt_owner_ref org = bt_owner_ref_make(1, BT_OWNER_ORG, BT_LITERAL("ann"), 0);
    bt_owner_ref elsewhere = bt_owner_ref_make(2, BT_OWNER_USER, BT_LITERAL("ann"), 0);
    ck_assert_mem_ne(first.bytes, second.bytes, BT_REF_SIZE);
    ck_assert_mem_ne(first.bytes, org.bytes, BT_REF_SIZE);
    ck_assert_mem_ne(first.bytes, elsewhere.bytes, BT_REF_SIZE);
    close_store();
}
END_TEST

UNIT_MAIN("check", a_token_finds_the_wrong_key, a_stop_is_late_or_reaches_others,
          a_maker_who_leaves_stops_the_organizations_key_unasked,
          a_narrowed_key_is_good_beyond_its_bounds, a_deleted_owner_comes_back_with_old_keys)
