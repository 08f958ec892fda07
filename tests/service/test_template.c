/* rooms: service support */
#include "service/template.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/apply_catalogue.h"
#include "service/read_keys.h"
#include "service/update_key.h"
#include "support/house.h"
#include "unit.h"

#define SCOPES "categories: {billing: {bits: 0-15, scopes: {read: , pay: }}}\n"
#define SUPPORT                                                                                    \
    SCOPES "presets:\n"                                                                            \
           "  support:\n"                                                                          \
           "    scopes: [billing.read]\n"                                                          \
           "    kind: org\n"                                                                       \
           "    expires_in: 90d\n"                                                                 \
           "    labels: {team: support, tier: gold}\n"                                             \
           "    selectors: ['project:*', 'dataset:eu/1']\n"                                        \
           "    networks: [10.0.0.0/8, '2001:db8::/32']\n"

static test_house house;

static void apply_file(const char *file) {
    static bt_apply_catalogue apply;
    size_t size = BT_CATALOGUE_ARENA(strlen(file));
    void *block = malloc(size);
    bt_arena arena;
    bt_draft draft;
    bt_arena_init(&arena, block, size);
    ck_assert_int_eq(bt_draft_read(bt_bytes_text(file), &arena, &draft, NULL), BT_OK);
    apply.draft = &draft;
    bt_apply_catalogue_run(&apply, house.service.store);
    ck_assert_msg(!apply.change.fault.err, "%s", apply.change.fault.text);
    free(block);
    house_renew(&house);
}

static void setup(const char *file) {
    house_open(&house);
    apply_file(file);
}

/* What is not set below is not said. */
static bt_create_key create;

static bt_create_key_request *request(void) {
    create = (bt_create_key){.request = {.environment = BT_LITERAL("test"),
                                         .name = BT_LITERAL("a key"),
                                         .org_id = BT_LITERAL("acme"),
                                         .expiry.expires_ms = BT_NEVER_MS,
                                         .grant.preset = BT_LITERAL("support")}};
    return &create.request;
}

static const bt_fault *run(void) {
    bt_create_key_run(&create, &house.service, &house.administrator);
    house_renew(&house);
    return &create.mutation.change.fault;
}

static const bt_key *must_run(void) {
    const bt_fault *fault = run();
    ck_assert_msg(!fault->err, "%s", fault->text);
    return &create.issued.key;
}

static void expect_refused(const char *text) {
    const bt_fault *fault = run();
    ck_assert_int_eq(fault->err, BT_ERR_INVALID);
    ck_assert_msg(strncmp(fault->text, text, strlen(text)) == 0, "%s", fault->text);
}

static bt_bytes label(const bt_key *key, const char *name) {
    for (size_t i = 0; i < key->detail.labels_count; i++)
        if (bt_bytes_equal(key->detail.labels[i].key, bt_bytes_text(name)))
            return key->detail.labels[i].value;
    return (bt_bytes){0};
}

/* As a listing has it. */
static bool is_drifted(void) {
    static uint8_t block[BT_DETAIL_ARENA + BT_NARROW_MAX];
    char id[BT_KEY_ID_TEXT_SIZE];
    bt_arena arena;
    bt_key key;
    bt_fault fault;
    bt_arena_init(&arena, block, sizeof block);
    bt_key_id_format(&create.issued.key.id, id);
    bt_err err = bt_service_get_key(&house.session, &house.administrator, bt_bytes_text(id), &arena,
                                    &key, &fault);
    ck_assert_msg(!err, "%s", fault.text);
    return key.preset_drifted;
}

static bt_fault update(bt_update_key_request change) {
    static bt_update_key update;
    char id[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(&create.issued.key.id, id);
    update = (bt_update_key){.request = change};
    update.request.key_id = bt_bytes_text(id);
    bt_update_key_run(&update, &house.service, &house.administrator);
    house_renew(&house);
    return update.mutation.change.fault;
}

static void must_update(bt_update_key_request change) {
    bt_fault fault = update(change);
    ck_assert_msg(!fault.err, "%s", fault.text);
}

START_TEST(a_key_lacks_what_its_preset_says) {
    setup(SUPPORT);
    request();
    const bt_key *key = must_run();
    ck_assert_int_eq(key->kind, BT_KIND_ORG);
    ck_assert_uint_eq(key->mask, 1);
    ck_assert_int_eq(key->expires_ms - key->created_ms, 90 * BT_DAY_MS);
    ck_assert_uint_eq(key->detail.labels_count, 2);
    ck_assert(bt_bytes_equal(label(key, "team"), BT_LITERAL("support")));
    ck_assert_uint_eq(key->narrow.selectors_count, 2);
    ck_assert_uint_eq(key->narrow.networks_count, 2);
    ck_assert(!key->preset_drifted);
    ck_assert(!is_drifted());
    house_close(&house);
}
END_TEST

START_TEST(a_narrower_request_is_refused_or_widened) {
    setup(SUPPORT);
    bt_create_key_request *asked = request();
    asked->kind = BT_KIND_ORG;
    asked->expiry.expires_in_ms = BT_DAY_MS;
    asked->bounds.selectors_count = 2;
    asked->bounds.selectors[0] = BT_LITERAL("project:42");
    asked->bounds.selectors[1] = BT_LITERAL("project:eu/*");
    asked->bounds.networks_count = 1;
    asked->bounds.networks[0] = BT_LITERAL("10.1.0.0/16");
    asked->labels_count = 2;
    asked->labels[0] = (bt_label){BT_LITERAL("more"), BT_LITERAL("1")};
    asked->labels[1] = (bt_label){BT_LITERAL("team"), BT_LITERAL("support")};
    const bt_key *key = must_run();
    ck_assert_int_eq(key->expires_ms - key->created_ms, BT_DAY_MS);
    ck_assert_uint_eq(key->narrow.selectors_count, 2);
    ck_assert_uint_eq(key->narrow.networks_count, 1);
    ck_assert_uint_eq(key->detail.labels_count, 3);
    ck_assert(!is_drifted());
    house_close(&house);
}
END_TEST

START_TEST(a_request_goes_beyond_its_preset) {
    setup(SUPPORT);
    request()->kind = BT_KIND_GENERIC;
    create.request.org_id = (bt_bytes){0};
    expect_refused("kind: preset support is for keys of kind org");
    request()->org_id = (bt_bytes){0};
    expect_refused("org_id: must be named for a key of kind org");
    request()->not_before_ms = bt_clock_ms() + 91 * BT_DAY_MS; /* past the preset's own life */
    expect_refused("not_before: the key would never be good");
    request()->expiry.expires_in_ms = 90 * BT_DAY_MS + 1;
    expect_refused("expires_at: keys of preset support are good for 90d at most");
    request()->expiry.expires_ms = bt_clock_ms() + 91 * BT_DAY_MS;
    expect_refused("expires_at: keys of preset support are good for 90d at most");
    const bt_bytes selectors[] = {BT_LITERAL("other:1"), BT_LITERAL("dataset:eu/*"),
                                  BT_LITERAL("dataset:eu/2"), BT_LITERAL("project:a/../b")};
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        request()->bounds.selectors_count = 1;
        create.request.bounds.selectors[0] = selectors[i];
        expect_refused("selectors: go beyond those that preset support binds its keys to");
    }
    const bt_bytes networks[] = {BT_LITERAL("0.0.0.0/0"), BT_LITERAL("11.0.0.0/8"),
                                 BT_LITERAL("2001:db9::/32")};
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        request()->bounds.networks_count = 1;
        create.request.bounds.networks[0] = networks[i];
        expect_refused("networks: go beyond those that preset support binds its keys to");
    }
    request()->labels_count = 1;
    create.request.labels[0] = (bt_label){BT_LITERAL("team"), BT_LITERAL("sales")};
    expect_refused("labels[team]: preset support gives its keys the value \"support\"");
    house_close(&house);
}
END_TEST

START_TEST(labels_of_both_are_more_than_a_key_has_room_for) {
    static char names[BT_LABELS_MAX][8];
    setup(SUPPORT);
    request()->labels_count = BT_LABELS_MAX - 1;
    for (size_t i = 0; i < BT_LABELS_MAX - 1; i++) {
        snprintf(names[i], sizeof names[i], "l%zu", i);
        create.request.labels[i] = (bt_label){bt_bytes_text(names[i]), BT_LITERAL("x")};
    }
    expect_refused("labels: there are more than 32, those of preset support among them");
    create.request.labels_count--;
    create.mutation.change = (bt_change){0};
    ck_assert_uint_eq(must_run()->detail.labels_count, BT_LABELS_MAX);
    house_close(&house);
}
END_TEST

START_TEST(a_key_of_a_changed_preset_is_not_shown_as_drifted) {
    static const char *const files[] = {
        SCOPES,
        SCOPES "presets: {support: {scopes: [billing.read]}}",
        SCOPES "presets: {support: {scopes: [billing.read, billing.pay], kind: org}}",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        setup(SUPPORT);
        request();
        must_run();
        apply_file(files[i]);
        ck_assert_msg(is_drifted(), "%s", files[i]);
        house_close(&house);
    }
}
END_TEST

/* Only what it means. */
START_TEST(a_key_drifts_by_a_description) {
    setup(SUPPORT);
    request();
    must_run();
    apply_file(SUPPORT "    description: Of the support team.\n");
    ck_assert(!is_drifted());
    house_close(&house);
}
END_TEST

START_TEST(a_key_that_was_changed_beyond_its_preset_is_not_shown_as_drifted) {
    static const bt_update_key_request changes[] = {
        {.mask = BT_UPDATE_NEVER_EXPIRES, .never_expires = true, .expiry.expires_ms = BT_NEVER_MS},
        {.mask = BT_UPDATE_SCOPE_MASK, .grant.scope_mask = 3},
        {.mask = BT_UPDATE_SCOPE_MASK, .grant.scope_mask = 0},
        {.mask = BT_UPDATE_SELECTORS},
        {.mask = BT_UPDATE_NETWORKS},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        setup(SUPPORT);
        request();
        must_run();
        must_update((bt_update_key_request){.mask = BT_UPDATE_NAME, .name = BT_LITERAL("b")});
        ck_assert(!is_drifted());
        must_update(changes[i]);
        ck_assert_msg(is_drifted(), "change %zu", i);
        house_close(&house);
    }
}
END_TEST

static void make_older(bt_record *record) {
    record->created_ms -= 60 * BT_DAY_MS;
}

/* It would be shown to have drifted at once. */
START_TEST(a_preset_gives_an_old_key_a_second_life) {
    setup(SCOPES "presets: {support: {scopes: [billing.read], expires_in: 90d}}\n");
    request()->grant = (bt_grant_request){.scope_mask = 1};
    create.request.org_id = (bt_bytes){0};
    must_run();
    house_key key = {.token = ""};
    bt_key_id_format(&create.issued.key.id, key.id);
    house_alter(&house, &key, make_older);
    bt_update_key_request take = {
        .mask = BT_UPDATE_PRESET | BT_UPDATE_EXPIRES_IN,
        .grant.preset = BT_LITERAL("support"),
        .expiry = {.expires_ms = BT_NEVER_MS, .expires_in_ms = 31 * BT_DAY_MS}};
    ck_assert_str_eq(update(take).text,
                     "expires_at: keys of preset support are good for 90d at most");
    take.expiry.expires_in_ms = 30 * BT_DAY_MS - BT_SECOND_MS;
    ck_assert_int_eq(update(take).err, BT_OK);
    ck_assert(!is_drifted());
    house_close(&house);
}
END_TEST

START_TEST(a_key_takes_a_preset_without_keeping_to_it) {
    setup(SUPPORT);
    request()->grant = (bt_grant_request){.scope_mask = 1};
    create.request.kind = BT_KIND_ORG;
    must_run();
    bt_update_key_request take = {.mask = BT_UPDATE_PRESET, .grant.preset = BT_LITERAL("support")};
    ck_assert_str_eq(update(take).text,
                     "expires_at: keys of preset support are good for 90d at most");
    take.mask |= BT_UPDATE_EXPIRES_IN;
    take.expiry = (bt_expiry_request){.expires_ms = BT_NEVER_MS, .expires_in_ms = BT_DAY_MS};
    ck_assert_str_eq(update(take).text,
                     "selectors: go beyond those that preset support binds its keys to");
    take.mask |= BT_UPDATE_SELECTORS | BT_UPDATE_NETWORKS;
    take.bounds.selectors_count = take.bounds.networks_count = 1;
    take.bounds.selectors[0] = BT_LITERAL("project:1");
    take.bounds.networks[0] = BT_LITERAL("10.0.0.1");
    must_update(take);
    ck_assert(!is_drifted());
    house_close(&house);
}
END_TEST

UNIT_MAIN("template", a_key_lacks_what_its_preset_says, a_narrower_request_is_refused_or_widened,
          a_request_goes_beyond_its_preset, labels_of_both_are_more_than_a_key_has_room_for,
          a_key_of_a_changed_preset_is_not_shown_as_drifted, a_key_drifts_by_a_description,
          a_key_that_was_changed_beyond_its_preset_is_not_shown_as_drifted,
          a_preset_gives_an_old_key_a_second_life, a_key_takes_a_preset_without_keeping_to_it)
