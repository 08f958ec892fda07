/* Rows with every field at its limit are written and read: no arena, buffer or table is too small. */
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "store/row.h"

static char filler[BT_METADATA_MAX];

static bt_bytes full(size_t size) {
    memset(filler, 'x', sizeof filler);
    return bt_bytes_of(filler, size);
}

static void free_row(bt_bytes row) {
    free((void *)row.data);
}

START_TEST(a_detail_at_its_limits_is_refused) {
    bt_label labels[BT_LABELS_MAX];
    for (size_t i = 0; i < BT_LABELS_MAX; i++)
        labels[i] = (bt_label){full(BT_LABEL_KEY_MAX), full(BT_LABEL_VALUE_MAX)};
    bt_detail detail = {
        .record_key = UINT64_MAX,
        .name = full(BT_NAME_MAX),
        .metadata = full(BT_METADATA_MAX),
        .labels = labels,
        .labels_count = BT_LABELS_MAX,
        .user_id = full(BT_OWNER_ID_MAX),
        .org_id = full(BT_OWNER_ID_MAX),
        .preset = full(BT_PRESET_NAME_MAX),
        .preset_version = UINT32_MAX,
        .created_by = full(BT_CREATED_BY_MAX),
        .revoked_ms = INT64_MAX,
        .revoke_reason = full(BT_REVOKE_REASON_MAX),
        .scheme = BT_SCHEMES_MAX,
    };
    static uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_bytes row;
    bt_detail again;
    bt_arena_init(&arena, block, sizeof block);
    ck_assert_int_eq(bt_detail_encode(&detail, &row), BT_OK);
    ck_assert_int_eq(bt_detail_decode(row, &arena, &again), BT_OK);
    ck_assert_uint_eq(again.labels_count, BT_LABELS_MAX);
    ck_assert(bt_bytes_equal(again.metadata, detail.metadata));
    ck_assert(bt_bytes_equal(again.labels[31].value, labels[31].value));
    ck_assert(bt_bytes_equal(again.revoke_reason, detail.revoke_reason));
    ck_assert_uint_eq(again.record_key, UINT64_MAX);
    ck_assert_uint_eq(again.scheme, BT_SCHEMES_MAX);
    free_row(row);
}
END_TEST

START_TEST(a_detail_over_a_limit_is_written) {
    static const bt_label label = {0};
    const bt_label long_key = {full(BT_LABEL_KEY_MAX + 1), full(0)};
    const bt_label long_value = {full(1), full(BT_LABEL_VALUE_MAX + 1)};
    const bt_detail over[] = {
        {.name = full(BT_NAME_MAX + 1)},
        {.metadata = bt_bytes_of(filler, BT_METADATA_MAX + 1)},
        {.labels = &label, .labels_count = BT_LABELS_MAX + 1},
        {.labels = &long_key, .labels_count = 1},
        {.labels = &long_value, .labels_count = 1},
        {.user_id = full(BT_OWNER_ID_MAX + 1)},
        {.org_id = full(BT_OWNER_ID_MAX + 1)},
        {.preset = full(BT_PRESET_NAME_MAX + 1)},
        {.created_by = full(BT_CREATED_BY_MAX + 1)},
        {.revoke_reason = full(BT_REVOKE_REASON_MAX + 1)},
        {.scheme = BT_SCHEMES_MAX + 1},
    };
    bt_bytes row;
    for (size_t i = 0; i < sizeof over / sizeof *over; i++)
        ck_assert_int_eq(bt_detail_encode(&over[i], &row), BT_ERR_INVALID);
}
END_TEST

static void fill_scheme(bt_scheme *scheme) {
    memset(scheme->prefix, 's', BT_SCHEME_PREFIX_MAX);
    scheme->hashes_rest = true;
    scheme->forgotten = true;
    scheme->method = BT_HASH_LAST;
    memset(scheme->pepper_name, 'n', BT_PEPPER_NAME_MAX);
    memset(scheme->pepper_mark, 255, BT_PEPPER_MARK_SIZE);
}

START_TEST(environments_at_their_limits_are_refused) {
    static bt_environments environments;
    environments.count = BT_ENVIRONMENTS_MAX;
    for (size_t i = 0; i < BT_ENVIRONMENTS_MAX; i++) {
        bt_environment *environment = &environments.list[i];
        environment->id = (uint8_t)(255 - i);
        memset(environment->name, 'a', BT_ENVIRONMENT_NAME_MAX);
        memset(environment->prefix, 'p', BT_TOKEN_PREFIX_MAX);
        snprintf(environment->name + 14, 3, "%02zu", i);
        snprintf(environment->prefix + 46, 3, "%02zu", i);
        environment->org_keys_stop_with_creator = true;
        environment->kinds = BT_KINDS_ALL;
        environment->max_life_ms = INT64_MAX;
        environment->expiry_choices_count = BT_EXPIRY_CHOICES_MAX;
        for (size_t c = 0; c < BT_EXPIRY_CHOICES_MAX; c++)
            environment->expiry_choices_ms[c] = INT64_MAX;
        environment->schemes_count = BT_SCHEMES_MAX;
        for (size_t s = 0; s < BT_SCHEMES_MAX; s++) fill_scheme(&environment->schemes[s]);
    }
    bt_bytes row;
    static bt_environments again;
    ck_assert_int_eq(bt_environments_encode(&environments, &row), BT_OK);
    ck_assert_int_eq(bt_environments_decode(row, &again), BT_OK);
    ck_assert_mem_eq(&again, &environments, sizeof again);
    free_row(row);
}
END_TEST

START_TEST(a_scheme_with_half_a_pepper_is_read) {
    static const bt_scheme bad[] = {
        {.method = (bt_hash_method)(BT_HASH_LAST + 1), .pepper_name = "old"},
        {.method = BT_HASH_HMAC_SHA256},
        {.method = BT_HASH_PEPPER_LAST, .pepper_name = "../pepper"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        static bt_environments environments = {
            .count = 1,
            .list = {{.id = 1,
                      .name = "test",
                      .prefix = "bt_test",
                      .kinds = BT_KINDS_ALL,
                      .max_life_ms = 1,
                      .schemes_count = 1}},
        };
        bt_environments again;
        bt_bytes row;
        environments.list[0].schemes[0] = bad[i];
        ck_assert_int_eq(bt_environments_encode(&environments, &row), BT_OK);
        ck_assert_msg(bt_environments_decode(row, &again) == BT_ERR_INTERNAL, "%zu", i);
        free_row(row);
    }
}
END_TEST

/* Of the longest: its category, a dot, and one letter again and again. */
static void fill_name(const bt_catalogue *catalogue, uint8_t bit, char letter, char *ret_name) {
    memset(ret_name, letter, BT_SCOPE_NAME_MAX);
    memcpy(ret_name, catalogue->categories[bit / 4].name, BT_CATEGORY_NAME_MAX);
    ret_name[BT_CATEGORY_NAME_MAX] = '.';
}

/* Former names in the order of their bits, templates in that of their presets: as rows have them. */
static void fill_rest(bt_catalogue *catalogue) {
    for (uint8_t i = 0; i < BT_FORMER_NAMES_MAX; i++) {
        uint8_t bit = i < BT_MASK_BITS ? i : BT_MASK_BITS - 1;
        catalogue->former[i].bit = bit;
        fill_name(catalogue, bit, (char)('A' + i), catalogue->former[i].name);
    }
    catalogue->former_count = BT_FORMER_NAMES_MAX;
    for (size_t i = 0; i < BT_PRESETS_MAX; i++) {
        uint16_t at = (uint16_t)catalogue->templates_size;
        uint16_t size = BT_TEMPLATES_MAX / BT_PRESETS_MAX;
        catalogue->presets[i].kind = 1 + i % 4;
        catalogue->presets[i].life_ms = INT64_MAX;
        catalogue->presets[i].labels = (bt_template_part){at, size};
        catalogue->presets[i].narrow = (bt_template_part){(uint16_t)(at + size), 0};
        memset(catalogue->templates + at, 'l', size);
        catalogue->templates[at + 1] = catalogue->templates[at + size - 1] = '\0';
        catalogue->templates_size += size;
    }
}

static void fill_catalogue(bt_catalogue *catalogue) {
    catalogue->generation = UINT64_MAX;
    catalogue->categories_count = BT_CATEGORIES_MAX;
    catalogue->presets_count = BT_PRESETS_MAX;
    for (uint8_t i = 0; i < BT_CATEGORIES_MAX; i++) {
        bt_category *category = &catalogue->categories[i];
        memset(category->name, 'a' + i, BT_CATEGORY_NAME_MAX);
        memset(category->title, 't', BT_TITLE_MAX);
        category->first_bit = (uint8_t)(4 * i);
        category->bits = i == 15 ? 3 : 4;
    }
    for (uint8_t bit = 0; bit < BT_MASK_BITS; bit++) {
        bt_scope *scope = &catalogue->scopes[bit];
        fill_name(catalogue, bit, '0', scope->name);
        scope->name[BT_CATEGORY_NAME_MAX + 1] = (char)('0' + bit);
        memset(scope->title, 't', BT_TITLE_MAX);
        memset(scope->description, 'd', BT_DESCRIPTION_MAX);
        scope->category = bit / 4;
        scope->high_risk = bit % 2;
        scope->retired = bit % 3 == 0;
    }
    for (uint8_t i = 0; i < BT_PRESETS_MAX; i++) {
        bt_preset *preset = &catalogue->presets[i];
        memset(preset->name, 'A' + i, BT_PRESET_NAME_MAX);
        memset(preset->description, 'd', BT_DESCRIPTION_MAX);
        preset->mask = INT64_MAX;
        preset->full_access = i % 2;
        preset->version = UINT32_MAX;
    }
    fill_rest(catalogue);
    bt_catalogue_seal(catalogue);
}

START_TEST(a_catalogue_at_its_limits_is_refused) {
    static bt_catalogue catalogue, again;
    fill_catalogue(&catalogue);
    bt_bytes row;
    ck_assert_int_eq(bt_catalogue_encode(&catalogue, &row), BT_OK);
    ck_assert_int_eq(bt_catalogue_decode(row, &again), BT_OK);
    ck_assert_mem_eq(&again, &catalogue, sizeof again);
    free_row(row);
}
END_TEST

typedef void damage(bt_catalogue *catalogue);

static void name_of_another_category(bt_catalogue *catalogue) {
    catalogue->scopes[9].name[0] = 'z';
}

static void former_name_of_another_category(bt_catalogue *catalogue) {
    catalogue->former[9].name[0] = 'z';
}

static void former_name_that_another_scope_has(bt_catalogue *catalogue) {
    memcpy(catalogue->former[0].name, catalogue->scopes[1].name, BT_SCOPE_NAME_MAX);
}

static void labels_without_an_end(bt_catalogue *catalogue) {
    catalogue->templates[catalogue->presets[3].labels.size - 1] = 'x';
}

static void label_of_another_shape(bt_catalogue *catalogue) {
    catalogue->templates[catalogue->presets[3].labels.at] = '?';
}

static void narrowing_that_is_no_row(bt_catalogue *catalogue) {
    catalogue->presets[3].narrow = (bt_template_part){0, 5};
}

static void kind_that_is_none(bt_catalogue *catalogue) {
    catalogue->presets[3].kind = 5;
}

static void life_that_ends_before_it_begins(bt_catalogue *catalogue) {
    catalogue->presets[3].life_ms = -1;
}

START_TEST(a_catalogue_that_breaks_a_rule_is_read) {
    static damage *const damages[] = {name_of_another_category,
                                      former_name_of_another_category,
                                      former_name_that_another_scope_has,
                                      labels_without_an_end,
                                      label_of_another_shape,
                                      narrowing_that_is_no_row,
                                      kind_that_is_none,
                                      life_that_ends_before_it_begins};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        static bt_catalogue catalogue, again;
        catalogue = (bt_catalogue){0};
        fill_catalogue(&catalogue);
        damages[i](&catalogue);
        bt_bytes row;
        ck_assert_int_eq(bt_catalogue_encode(&catalogue, &row), BT_OK);
        ck_assert_msg(bt_catalogue_decode(row, &again) == BT_ERR_INTERNAL, "damage %zu", i);
        free_row(row);
    }
}
END_TEST

UNIT_MAIN("rows", a_detail_at_its_limits_is_refused, a_detail_over_a_limit_is_written,
          environments_at_their_limits_are_refused, a_scheme_with_half_a_pepper_is_read,
          a_catalogue_at_its_limits_is_refused, a_catalogue_that_breaks_a_rule_is_read)
