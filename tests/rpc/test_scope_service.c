/* rooms: rpc support */
#include <stdio.h>

#include "key/narrow.h"
#include "support/client.h"
#include "unit.h"

typedef Bitting__V1__ListScopesRequest scopes_request;
typedef Bitting__V1__ListScopesResponse scopes_response;
typedef Bitting__V1__ListPresetsResponse presets_response;

static test_house house;
static house_key reader;
static test_client client;

static void setup(void) {
    house_open(&house);
    reader = house_backend(&house, BIT(BT_SCOPE_APIKEYS_READ) | BIT(0) | BIT(8));
    client = (test_client){.house = &house, .credential = reader.token};
}

static void teardown(void) {
    client_close(&client);
    house_close(&house);
}

static scopes_response *ask(const scopes_request *request) {
    scopes_response *answer = client_ask(&client, "ScopeService/ListScopes", request,
                                         &bitting__v1__list_scopes_response__descriptor);
    ck_assert_uint_eq(client.ends, 1);
    return answer;
}

static presets_response *ask_presets(uint64_t min_revision) {
    Bitting__V1__ListPresetsRequest request = BITTING__V1__LIST_PRESETS_REQUEST__INIT;
    request.min_revision = min_revision;
    presets_response *answer = client_ask(&client, "ScopeService/ListPresets", &request,
                                          &bitting__v1__list_presets_response__descriptor);
    ck_assert_uint_eq(client.ends, 1);
    return answer;
}

static void drop(void *message) {
    protobuf_c_message_free_unpacked(message, NULL);
}

static bool is(ProtobufCBinaryData data, const char *text) {
    return bt_bytes_equal(pb_bytes(data), bt_bytes_text(text));
}

START_TEST(the_catalogue_is_listed_otherwise_than_it_is) {
    setup();
    scopes_request request = BITTING__V1__LIST_SCOPES_REQUEST__INIT;
    scopes_response *answer = ask(&request);
    const bt_catalogue *catalogue = bt_snapshot_catalogue(house.session.snapshot);
    ck_assert_uint_eq(answer->n_categories, 6);
    ck_assert_uint_eq(answer->total, 52);
    ck_assert_uint_eq(answer->selected, 0);
    ck_assert_uint_eq(answer->generation, catalogue->generation);
    ck_assert_uint_eq(answer->revision, bt_snapshot_head(house.session.snapshot)->revision);
    size_t scopes = 0;
    for (size_t c = 0; c < answer->n_categories; c++)
        for (size_t s = 0; s < answer->categories[c]->n_scopes; s++, scopes++) {
            const Bitting__V1__Scope *scope = answer->categories[c]->scopes[s];
            const bt_scope *wanted = &catalogue->scopes[scope->bit];
            ck_assert(is(scope->name, wanted->name) && is(scope->title, wanted->title));
            ck_assert(is(scope->description, wanted->description));
            ck_assert_int_eq(scope->high_risk, wanted->high_risk);
            ck_assert(!scope->retired && !scope->selected && !scope->n_former_names);
        }
    ck_assert_uint_eq(scopes, 52);
    const Bitting__V1__Category *sso = answer->categories[3];
    ck_assert(is(sso->name, "sso") && is(sso->title, "Single sign-on and SCIM"));
    ck_assert(sso->first_bit == 40 && sso->bits == 8 && sso->total == 7 && sso->selected == 0);
    drop(answer);
    teardown();
}
END_TEST

START_TEST(what_a_key_or_a_mask_holds_is_counted_wrong) {
    setup();
    house_retire(&house, "users.send_email_confirmation");
    scopes_request request = BITTING__V1__LIST_SCOPES_REQUEST__INIT;
    for (int by_mask = 0; by_mask < 2; by_mask++) {
        request.key_id = by_mask ? (ProtobufCBinaryData){0} : pb_text(reader.id);
        request.scope_mask = by_mask ? BIT(0) | BIT(8) | BIT(13) | BIT(48) : 0;
        request.include_retired = by_mask;
        scopes_response *answer = ask(&request);
        const Bitting__V1__Category *users = answer->categories[0], *own = answer->categories[4];
        ck_assert(users->selected == 1 && users->total == 12);
        ck_assert(own->selected == 1 && own->total == 7);
        ck_assert(answer->selected == 2 && answer->total == 51 && !answer->full_access);
        ck_assert_uint_eq(users->n_scopes, by_mask ? 13 : 12);
        ck_assert(users->scopes[0]->selected && !users->scopes[1]->selected);
        if (by_mask) ck_assert(users->scopes[8]->retired && !users->scopes[8]->selected);
        drop(answer);
    }
    house_key full = house_full_access(&house);
    request.key_id = pb_text(full.id);
    request.scope_mask = 0;
    scopes_response *answer = ask(&request);
    ck_assert(answer->full_access && answer->selected == 51);
    drop(answer);
    teardown();
}
END_TEST

START_TEST(a_wrong_question_is_answered) {
    setup();
    scopes_request request = BITTING__V1__LIST_SCOPES_REQUEST__INIT;
    request.key_id = pb_text(reader.id);
    request.scope_mask = 1;
    ck_assert_ptr_null(ask(&request));
    ck_assert_str_eq(client.fault.text, "key_id, scope_mask: only one may be set");
    request.key_id = pb_text("");
    request.scope_mask = BT_MASK_FORBIDDEN;
    ck_assert_ptr_null(ask(&request));
    ck_assert_int_eq(client.fault.err, BT_ERR_INVALID);
    request.scope_mask = 0;
    request.key_id = pb_text("00000000000000000000000000000000");
    ck_assert_ptr_null(ask(&request));
    ck_assert_int_eq(client.fault.err, BT_ERR_NOT_FOUND);
    request.key_id = pb_text("");
    request.min_revision = 1000;
    ck_assert_ptr_null(ask(&request));
    ck_assert_int_eq(client.fault.err, BT_ERR_UNAVAILABLE);
    ck_assert_ptr_null(ask_presets(1000));
    ck_assert_int_eq(client.fault.err, BT_ERR_UNAVAILABLE);
    teardown();
}
END_TEST

START_TEST(who_may_not_read_keys_is_answered) {
    setup();
    house_key other = house_backend(&house, ~(BIT(BT_SCOPE_APIKEYS_READ) | BT_MASK_FORBIDDEN) &
                                                bt_snapshot_head(house.session.snapshot)->live);
    scopes_request request = BITTING__V1__LIST_SCOPES_REQUEST__INIT;
    client.credential = other.token;
    ck_assert_ptr_null(ask(&request));
    ck_assert_int_eq(client.fault.err, BT_ERR_FORBIDDEN);
    ck_assert_ptr_null(ask_presets(0));
    ck_assert_int_eq(client.fault.err, BT_ERR_FORBIDDEN);
    client.credential = NULL;
    ck_assert_ptr_null(ask(&request));
    ck_assert_int_eq(client.fault.err, BT_ERR_UNAUTHENTICATED);
    client.trusted = true;
    ck_assert_ptr_null(ask_presets(0));
    ck_assert_int_eq(client.fault.err, BT_ERR_UNIMPLEMENTED);
    teardown();
}
END_TEST

/* Every text as long as it can be, every place taken. */
static void fill_scopes(bt_catalogue *catalogue) {
    for (uint8_t bit = 0; bit < BT_MASK_BITS; bit++) {
        bt_scope *scope = &catalogue->scopes[bit];
        const bt_category *category = catalogue->categories;
        while (!(bt_category_window(category) & BIT(bit))) category++;
        bool own = BT_APIKEYS_WINDOW & BIT(bit);
        if (!own || !scope->name[0])
            snprintf(scope->name, sizeof scope->name, "%.7s.%040u", category->name, bit);
        scope->category = (uint8_t)(category - catalogue->categories);
        memset(scope->title, 't', BT_TITLE_MAX);
        memset(scope->description, 'd', BT_DESCRIPTION_MAX);
    }
    for (uint8_t i = 0; i < BT_FORMER_NAMES_MAX; i++) {
        catalogue->former[i].bit = 0;
        snprintf(catalogue->former[i].name, sizeof catalogue->former[i].name, "users.%c%041u", 'f',
                 i);
    }
    catalogue->former_count = BT_FORMER_NAMES_MAX;
}

static size_t fill_template(bt_catalogue *catalogue) {
    static const bt_network network = {
        .address = {.family = BT_FAMILY_6, .bytes = {0x20, 0x01, 0x0d, 0xb8, 0xff}}, .prefix = 128};
    static char texts[BT_SELECTORS_MAX][BT_RESOURCE_MAX];
    static bt_narrow narrow;
    static uint8_t row[BT_NARROW_MAX];
    narrow.networks_count = BT_NETWORKS_MAX;
    for (size_t i = 0; i < BT_NETWORKS_MAX; i++) narrow.networks[i] = network;
    narrow.selectors_count = BT_SELECTORS_MAX;
    for (size_t i = 0; i < BT_SELECTORS_MAX; i++) {
        memset(texts[i], 'r', sizeof texts[i]);
        texts[i][1] = ':';
        narrow.selectors[i].text = bt_bytes_of(texts[i], sizeof texts[i]);
    }
    size_t size = bt_narrow_encode(&narrow, row);
    memcpy(catalogue->templates, row, size);
    return size;
}

static void fill_presets(bt_catalogue *catalogue) {
    size_t size = fill_template(catalogue);
    catalogue->presets_count = BT_PRESETS_MAX;
    catalogue->templates_size = size;
    for (size_t i = 0; i < BT_PRESETS_MAX; i++) {
        bt_preset *preset = &catalogue->presets[i];
        *preset = (bt_preset){.mask = INT64_MAX, .version = UINT32_MAX, .life_ms = INT64_MAX / 2};
        snprintf(preset->name, sizeof preset->name, "p%031zu", i);
        memset(preset->description, 'd', BT_DESCRIPTION_MAX);
        preset->narrow = (bt_template_part){i ? (uint16_t)size : 0, i ? 0 : (uint16_t)size};
        preset->labels = (bt_template_part){(uint16_t)size, 0};
    }
}

static bt_err put_largest(bt_change *change, bt_txn *txn, bt_fault *fault) {
    static bt_catalogue catalogue;
    (void)change, (void)fault;
    catalogue = *bt_txn_catalogue(txn);
    fill_scopes(&catalogue);
    fill_presets(&catalogue);
    bt_catalogue_seal(&catalogue);
    return bt_txn_put_catalogue(txn, &catalogue);
}

START_TEST(the_largest_catalogue_does_not_fit_into_an_answer) {
    setup();
    bt_change change = {.apply = put_largest, .deadline_ms = BT_NEVER_MS};
    ck_assert_int_eq(bt_store_change(house.service.store, &change), BT_OK);
    house_renew(&house);
    scopes_request request = BITTING__V1__LIST_SCOPES_REQUEST__INIT;
    request.scope_mask = INT64_MAX;
    request.include_retired = true;
    scopes_response *answer = ask(&request);
    ck_assert_msg(answer != NULL, "%s", client.fault.text);
    ck_assert(answer->selected == 63 && answer->total == 63);
    ck_assert_uint_eq(answer->categories[0]->scopes[0]->n_former_names, BT_FORMER_NAMES_MAX);
    drop(answer);
    presets_response *presets = ask_presets(0);
    ck_assert_msg(presets != NULL, "%s", client.fault.text);
    ck_assert_uint_eq(presets->n_presets, BT_PRESETS_MAX);
    ck_assert_uint_eq(presets->presets[63]->n_scopes, 63);
    ck_assert_uint_eq(presets->presets[0]->n_selectors, BT_SELECTORS_MAX);
    ck_assert_uint_eq(presets->presets[0]->n_networks, BT_NETWORKS_MAX);
    drop(presets);
    teardown();
}
END_TEST

START_TEST(presets_are_listed_otherwise_than_they_are) {
    setup();
    presets_response *answer = ask_presets(0);
    ck_assert_uint_eq(answer->n_presets, 3);
    const Bitting__V1__Preset *validation = answer->presets[0], *full = answer->presets[2];
    ck_assert(is(validation->name, "validation_only") && validation->version == 1);
    ck_assert_uint_eq(validation->n_scopes, 2);
    ck_assert(is(validation->scopes[0], "auth.validate_tokens"));
    ck_assert_uint_eq(validation->scope_mask, BIT(32) | BIT(52));
    ck_assert(!validation->full_access && !validation->kind && !validation->expires_in);
    ck_assert(is(full->name, "full_access") && full->full_access && full->n_scopes == 52);
    drop(answer);
    teardown();
}
END_TEST

UNIT_MAIN("scope_service", the_catalogue_is_listed_otherwise_than_it_is,
          what_a_key_or_a_mask_holds_is_counted_wrong, a_wrong_question_is_answered,
          who_may_not_read_keys_is_answered, the_largest_catalogue_does_not_fit_into_an_answer,
          presets_are_listed_otherwise_than_they_are)
