/* rooms: service support PkgConfig::SODIUM */
#include <sodium.h>

#include "service/ask.h"
#include "support/house.h"
#include "unit.h"

static bt_err create(test_house *house, const bt_create_key_request *request,
                     bt_create_key *ret_create) {
    *ret_create = (bt_create_key){.request = *request};
    bt_create_key_run(ret_create, &house->service, &house->administrator);
    house_renew(house);
    return ret_create->mutation.change.fault.err;
}

/* A request that is good, to be spoiled in one place. */
static bt_create_key_request good(void) {
    return (bt_create_key_request){.environment = BT_LITERAL("test"),
                                   .name = BT_LITERAL("pipeline"),
                                   .expiry.expires_ms = BT_NEVER_MS};
}

static char big[20000];

static void spoil_environment(bt_create_key_request *r) {
    r->environment = BT_LITERAL("tset");
}
static void spoil_no_environment(bt_create_key_request *r) {
    r->environment = BT_LITERAL("");
}
static void spoil_name_empty(bt_create_key_request *r) {
    r->name = BT_LITERAL("");
}
static void spoil_name_size(bt_create_key_request *r) {
    r->name = bt_bytes_of(big, BT_NAME_MAX + 1);
}
static void spoil_name_control(bt_create_key_request *r) {
    r->name = BT_LITERAL("a\tb");
}
static void spoil_name_nul(bt_create_key_request *r) {
    r->name = BT_LITERAL("a\0b");
}
static void spoil_name_utf8(bt_create_key_request *r) {
    r->name = BT_LITERAL("a\xff");
}
static void spoil_kind(bt_create_key_request *r) {
    r->kind = (bt_kind)5;
}
static void spoil_backend_user(bt_create_key_request *r) {
    r->user_id = BT_LITERAL("u1");
}
static void spoil_backend_org(bt_create_key_request *r) {
    r->org_id = BT_LITERAL("o1");
}
static void spoil_personal(bt_create_key_request *r) {
    r->kind = BT_KIND_PERSONAL;
    r->org_id = BT_LITERAL("o1");
}
static void spoil_org(bt_create_key_request *r) {
    r->kind = BT_KIND_ORG;
    r->user_id = BT_LITERAL("u1");
}
static void spoil_generic(bt_create_key_request *r) {
    r->kind = BT_KIND_GENERIC;
    r->user_id = BT_LITERAL("u1");
}
static void spoil_user_size(bt_create_key_request *r) {
    r->kind = BT_KIND_PERSONAL;
    r->user_id = bt_bytes_of(big, BT_OWNER_ID_MAX + 1);
}
static void spoil_org_control(bt_create_key_request *r) {
    r->kind = BT_KIND_ORG;
    r->org_id = BT_LITERAL("o\x7f");
}
static void spoil_ways(bt_create_key_request *r) {
    r->grant.scope_mask = 1;
    r->grant.preset = BT_LITERAL("validation_only");
}
static void spoil_names_and_mask(bt_create_key_request *r) {
    r->grant.scope_mask = 1;
    r->grant.scopes[r->grant.scopes_count++] = BT_LITERAL("users.read");
}
static void spoil_scope(bt_create_key_request *r) {
    r->grant.scopes[r->grant.scopes_count++] = BT_LITERAL("users.read");
    r->grant.scopes[r->grant.scopes_count++] = BT_LITERAL("users.reed");
}
static void spoil_retired_name(bt_create_key_request *r) {
    r->grant.scopes[r->grant.scopes_count++] = BT_LITERAL("users.migrate");
}
static void spoil_retired_mask(bt_create_key_request *r) {
    r->grant.scope_mask = BIT(11);
}
static void spoil_unassigned(bt_create_key_request *r) {
    r->grant.scope_mask = 1 | BIT(15);
}
static void spoil_bit_63(bt_create_key_request *r) {
    r->grant.scope_mask = 1 | BIT(63);
}
static void spoil_preset(bt_create_key_request *r) {
    r->grant.preset = BT_LITERAL("everything");
}
static void spoil_past(bt_create_key_request *r) {
    r->expiry.expires_ms = bt_clock_ms() - 1;
}
static void spoil_epoch(bt_create_key_request *r) {
    r->expiry.expires_ms = 0;
}
static void spoil_before_epoch(bt_create_key_request *r) {
    r->expiry.expires_ms = INT64_MIN;
}
static void spoil_far(bt_create_key_request *r) {
    r->expiry.expires_ms = BT_LAST_MS + 1;
}
static void spoil_begin(bt_create_key_request *r) {
    r->not_before_ms = r->expiry.expires_ms = bt_clock_ms() + BT_DAY_MS;
}
static void spoil_begin_in(bt_create_key_request *r) {
    r->expiry.expires_in_ms = BT_DAY_MS;
    r->not_before_ms = bt_clock_ms() + 2 * BT_DAY_MS;
}
static void spoil_metadata_kind(bt_create_key_request *r) {
    r->metadata = BT_LITERAL("[1]");
}
static void spoil_metadata_size(bt_create_key_request *r) {
    r->metadata = bt_bytes_of(big, BT_METADATA_MAX + 1);
}
static void spoil_label_key(bt_create_key_request *r) {
    r->labels[r->labels_count++] = (bt_label){BT_LITERAL("a b"), BT_LITERAL("")};
}
static void spoil_label_empty(bt_create_key_request *r) {
    r->labels[r->labels_count++] = (bt_label){BT_LITERAL(""), BT_LITERAL("x")};
}
static void spoil_label_twice(bt_create_key_request *r) {
    r->labels[r->labels_count++] = (bt_label){BT_LITERAL("team"), BT_LITERAL("a")};
    r->labels[r->labels_count++] = (bt_label){BT_LITERAL("team"), BT_LITERAL("b")};
}
static void spoil_label_value(bt_create_key_request *r) {
    bt_bytes value = bt_bytes_of(big, BT_LABEL_VALUE_MAX + 1);
    r->labels[r->labels_count++] = (bt_label){BT_LITERAL("team"), value};
}

static const struct {
    void (*spoil)(bt_create_key_request *request);
    const char *text;
} refusals[] = {
    {spoil_environment, "environment: there is no \"tset\"; there are: test, prod"},
    {spoil_no_environment, "environment: must be named"},
    {spoil_name_empty, "name: must not be empty"},
    {spoil_name_size, "name: has 201 bytes; at most 200"},
    {spoil_name_control, "name: must be UTF-8 without control"},
    {spoil_name_nul, "name: must be UTF-8 without control"},
    {spoil_name_utf8, "name: must be UTF-8 without control"},
    {spoil_kind, "kind: "},
    {spoil_backend_user, "user_id: a key of kind backend has none"},
    {spoil_backend_org, "org_id: a key of kind backend has none"},
    {spoil_personal, "user_id: must be named for a key of kind personal"},
    {spoil_org, "org_id: must be named for a key of kind org"},
    {spoil_generic, "user_id: a key of kind generic has none"},
    {spoil_user_size, "user_id: has 129 bytes"},
    {spoil_org_control, "org_id: must be UTF-8"},
    {spoil_ways, "scopes, scope_mask, preset: more than one"},
    {spoil_names_and_mask, "scopes, scope_mask, preset: more than one"},
    {spoil_scope, "scopes[1]: there is no scope \"users.reed\""},
    {spoil_retired_name, "scopes: users.migrate (bit 11) is retired"},
    {spoil_retired_mask, "scope_mask: users.migrate (bit 11) is retired"},
    {spoil_unassigned, "scope_mask: bit 15 is not assigned"},
    {spoil_bit_63, "scope_mask: has bit 63"},
    {spoil_preset, "preset: there is no \"everything\"; there are: validation_only"},
    {spoil_past, "expires_at: "},
    {spoil_epoch, "expires_at: 1970-01-01T00:00:00.000Z is not in the future"},
    {spoil_before_epoch, "expires_at: a time before 1970"},
    {spoil_far, "expires_at: must be before the year 10000"},
    {spoil_begin, "not_before: the key would never be good"},
    {spoil_begin_in, "not_before: the key would never be good"},
    {spoil_metadata_kind, "metadata: must be a JSON object"},
    {spoil_metadata_size, "metadata: has 8193 bytes"},
    {spoil_label_key, "labels: the key \"a b\""},
    {spoil_label_empty, "labels: the key \"\""},
    {spoil_label_twice, "labels: the key team is there twice"},
    {spoil_label_value, "labels[team]: has 256 bytes"},
};

START_TEST(a_bad_request_makes_a_key_or_is_not_explained) {
    test_house house;
    bt_create_key made;
    bt_create_key_request request = good();
    memset(big, 'x', sizeof big);
    house_open(&house);
    house_retire(&house, "users.migrate");
    uint64_t revision = bt_snapshot_head(house.session.snapshot)->revision;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        request = good();
        refusals[i].spoil(&request);
        bt_err err = create(&house, &request, &made);
        const char *text = made.mutation.change.fault.text;
        ck_assert_msg(err == BT_ERR_INVALID, "%zu: %d %s", i, err, text);
        ck_assert_msg(strncmp(text, refusals[i].text, strlen(refusals[i].text)) == 0, "%zu: %s", i,
                      text);
    }
    ck_assert_uint_eq(bt_snapshot_head(house.session.snapshot)->revision, revision);
    request = good();
    ck_assert_int_eq(create(&house, &request, &made), BT_OK);
    house_close(&house);
}
END_TEST

static bt_answer validate(test_house *house, const char *token) {
    bt_ask ask = {.token = bt_bytes_text(token)};
    bt_fault fault = {0};
    bt_answer answer;
    bt_err err = bt_ask_validate(&house->session, &house->administrator, &ask, &answer, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
    return answer;
}

static void assert_text(bt_bytes bytes, const char *text) {
    ck_assert_msg(bt_bytes_equal(bytes, bt_bytes_text(text)), "%.*s is not %s", BT_BYTES_ARG(bytes),
                  text);
}

START_TEST(a_key_is_described_otherwise_than_it_was_asked_for) {
    test_house house;
    bt_create_key made;
    house_open(&house);
    bt_create_key_request request = {
        .environment = BT_LITERAL("prod"),
        .name = BT_LITERAL("l\xc3\xb6we"),
        .kind = BT_KIND_ORG,
        .user_id = BT_LITERAL("u 1"),
        .org_id = BT_LITERAL("o1"),
        .expiry.expires_ms = bt_clock_ms() + BT_DAY_MS,
        .metadata = BT_LITERAL("{\"a\": [1, 2.50, null]}"),
        .grant = {.scopes = {BT_LITERAL("users.delete"), BT_LITERAL("users.read")},
                  .scopes_count = 2},
        .labels = {{BT_LITERAL("team"), BT_LITERAL("blue")}},
        .labels_count = 1,
    };
    ck_assert_int_eq(create(&house, &request, &made), BT_OK);
    const bt_key *key = &made.issued.key;
    ck_assert_int_eq(strncmp(made.issued.token, "acme_live_", 10), 0);
    ck_assert_int_eq(key->kind, BT_KIND_ORG);
    ck_assert_int_eq(key->state, BT_KEY_ACTIVE);
    ck_assert(!key->full_access);
    ck_assert_uint_eq(key->mask, BIT(0) | BIT(12));
    ck_assert_uint_eq(key->high_risk, BIT(12));
    ck_assert_uint_eq(key->scopes_count, 2);
    assert_text(key->scopes[0], "users.read");
    assert_text(key->scopes[1], "users.delete");
    assert_text(key->environment, "prod");
    assert_text(key->detail.name, "l\xc3\xb6we");
    assert_text(key->detail.user_id, "u 1");
    assert_text(key->detail.org_id, "o1");
    assert_text(key->detail.metadata, "{\"a\": [1, 2.50, null]}");
    assert_text(key->detail.created_by, "cli");
    assert_text(key->detail.preset, "");
    ck_assert_int_eq(key->expires_ms, request.expiry.expires_ms);
    bt_answer answer = validate(&house, made.issued.token);
    ck_assert_int_eq(answer.verdict.reason, BT_REASON_ALLOWED);
    ck_assert_uint_eq(answer.record->flags, BT_RECORD_USER | BT_RECORD_ORG);
    ck_assert_uint_eq(answer.revision, made.mutation.change.revision);
    ck_assert_mem_eq(&answer.record->key_id, &key->id, sizeof key->id);
    house_close(&house);
}
END_TEST

START_TEST(a_preset_is_not_resolved_when_the_key_is_made) {
    test_house house;
    bt_create_key made;
    bt_create_key_request request = good();
    house_open(&house);
    request.grant.preset = BT_LITERAL("validation_only");
    ck_assert_int_eq(create(&house, &request, &made), BT_OK);
    ck_assert_uint_eq(made.issued.key.mask, BIT(32) | BIT(52));
    assert_text(made.issued.key.detail.preset, "validation_only");
    ck_assert_uint_eq(validate(&house, made.issued.token).record->mask, BIT(32) | BIT(52));
    request.grant.preset = BT_LITERAL("full_access");
    ck_assert_int_eq(create(&house, &request, &made), BT_OK);
    ck_assert(made.issued.key.full_access);
    uint64_t live = bt_snapshot_head(house.session.snapshot)->live;
    ck_assert_uint_eq(made.issued.key.mask, live);
    ck_assert_uint_eq(made.issued.key.scopes_count, bt_mask_count(live));
    ck_assert_uint_eq(validate(&house, made.issued.token).record->flags, BT_RECORD_FULL_ACCESS);
    house_close(&house);
}
END_TEST

START_TEST(a_refused_answer_still_holds_the_token) {
    test_house house;
    bt_create_key made;
    bt_create_key_request request = good();
    house_open(&house);
    ck_assert_int_eq(create(&house, &request, &made), BT_OK);
    bt_create_key_wipe(&made);
    for (size_t i = 0; i < sizeof made.issued.token; i++) ck_assert_int_eq(made.issued.token[i], 0);
    house_close(&house);
}
END_TEST

/* A source of random numbers that says the same twice. */
static unsigned draws;

static const char *stuck_name(void) {
    return "stuck";
}
static uint32_t stuck_random(void) {
    return 7;
}
static void stuck_buffer(void *buffer, size_t size) {
    memset(buffer, (int)(draws++ / 4), size);
}

START_TEST(a_token_whose_place_is_taken_takes_it_over) {
    test_house house;
    bt_create_key first, second;
    bt_create_key_request request = good();
    static randombytes_implementation stuck = {
        .implementation_name = stuck_name, .random = stuck_random, .buf = stuck_buffer};
    ck_assert_int_ge(sodium_init(), 0);
    house_open(&house);
    randombytes_set_implementation(&stuck);
    ck_assert_int_eq(create(&house, &request, &first), BT_OK);
    unsigned before = draws;
    ck_assert_int_eq(create(&house, &request, &second), BT_OK);
    ck_assert_uint_gt(draws, before + 2); /* it did collide, and was minted again */
    ck_assert_str_ne(first.issued.token, second.issued.token);
    bt_answer a = validate(&house, first.issued.token), b = validate(&house, second.issued.token);
    ck_assert_mem_eq(&a.record->key_id, &first.issued.key.id, sizeof first.issued.key.id);
    ck_assert_mem_eq(&b.record->key_id, &second.issued.key.id, sizeof second.issued.key.id);
    house_close(&house);
}
END_TEST

UNIT_MAIN("create_key", a_bad_request_makes_a_key_or_is_not_explained,
          a_key_is_described_otherwise_than_it_was_asked_for,
          a_preset_is_not_resolved_when_the_key_is_made, a_refused_answer_still_holds_the_token,
          a_token_whose_place_is_taken_takes_it_over)
