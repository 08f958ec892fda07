#include <stdlib.h>

#include "bitting/store/v1/store.pb-c.h"
#include "store/row.h"

/* 64 environments of the longest names with four schemes each take half of it. */
#define ARENA_SIZE 131072u

/* The schemes of all environments, in memory that outlives the encoding. */
typedef struct scheme_rows {
    Bitting__Store__V1__Scheme rows[BT_ENVIRONMENTS_MAX][BT_SCHEMES_MAX];
    Bitting__Store__V1__Scheme *lists[BT_ENVIRONMENTS_MAX][BT_SCHEMES_MAX];
} scheme_rows;

static void encode_hash(const bt_scheme *scheme, Bitting__Store__V1__Scheme *row) {
    row->method = scheme->method;
    if (scheme->method == BT_HASH_SHA256) return;
    row->forgotten = scheme->forgotten;
    row->pepper_name = bt_row_text(scheme->pepper_name);
    row->pepper_mark = bt_row_data(bt_bytes_of(scheme->pepper_mark, sizeof scheme->pepper_mark));
}

static void encode_schemes(const bt_environment *environment, size_t at, scheme_rows *all,
                           Bitting__Store__V1__Environment *row) {
    for (size_t i = 0; i < environment->schemes_count; i++) {
        Bitting__Store__V1__Scheme *scheme = &all->rows[at][i];
        *scheme = (Bitting__Store__V1__Scheme)BITTING__STORE__V1__SCHEME__INIT;
        scheme->prefix = bt_row_text(environment->schemes[i].prefix);
        scheme->hashes_rest = environment->schemes[i].hashes_rest;
        encode_hash(&environment->schemes[i], scheme);
        all->lists[at][i] = scheme;
    }
    row->n_schemes = environment->schemes_count;
    row->schemes = all->lists[at];
}

/* SHA-256 has no pepper, and every other method one. */
static bool decode_hash(const Bitting__Store__V1__Scheme *row, bt_scheme *scheme) {
    bt_bytes name = bt_row_bytes(row->pepper_name), mark = bt_row_bytes(row->pepper_mark);
    scheme->method = row->method ? (bt_hash_method)row->method : BT_HASH_SHA256;
    if (row->method > BT_HASH_LAST) return false;
    if (scheme->method == BT_HASH_SHA256) return name.size == 0 && mark.size == 0;
    if (!bt_pepper_name_ok(name) || mark.size != sizeof scheme->pepper_mark) return false;
    scheme->forgotten = row->forgotten;
    memcpy(scheme->pepper_mark, mark.data, mark.size);
    return bt_bytes_copy_text(name, scheme->pepper_name, sizeof scheme->pepper_name);
}

static bool decode_schemes(const Bitting__Store__V1__Environment *row,
                           bt_environment *environment) {
    if (row->n_schemes > BT_SCHEMES_MAX) return false;
    environment->schemes_count = row->n_schemes;
    for (size_t i = 0; i < row->n_schemes; i++) {
        bt_scheme *scheme = &environment->schemes[i];
        scheme->hashes_rest = row->schemes[i]->hashes_rest;
        if (!decode_hash(row->schemes[i], scheme) ||
            !bt_bytes_copy_text(bt_row_bytes(row->schemes[i]->prefix), scheme->prefix,
                                sizeof scheme->prefix))
            return false;
    }
    return true;
}

bt_err bt_environments_encode(const bt_environments *environments, bt_bytes *ret_row) {
    Bitting__Store__V1__Environment rows[BT_ENVIRONMENTS_MAX], *list[BT_ENVIRONMENTS_MAX];
    scheme_rows schemes;
    if (environments->count > BT_ENVIRONMENTS_MAX) return BT_ERR_INVALID;
    for (size_t i = 0; i < environments->count; i++) {
        rows[i] = (Bitting__Store__V1__Environment)BITTING__STORE__V1__ENVIRONMENT__INIT;
        rows[i].id = environments->list[i].id;
        rows[i].name = bt_row_text(environments->list[i].name);
        rows[i].prefix = bt_row_text(environments->list[i].prefix);
        rows[i].org_keys_stop_with_creator = environments->list[i].org_keys_stop_with_creator;
        encode_schemes(&environments->list[i], i, &schemes, &rows[i]);
        rows[i].kinds = environments->list[i].kinds;
        rows[i].max_life_ms = environments->list[i].max_life_ms;
        rows[i].n_expiry_choices_ms = environments->list[i].expiry_choices_count;
        rows[i].expiry_choices_ms = (int64_t *)environments->list[i].expiry_choices_ms;
        list[i] = &rows[i];
    }
    Bitting__Store__V1__Environments row = BITTING__STORE__V1__ENVIRONMENTS__INIT;
    row.environments = list;
    row.n_environments = environments->count;
    return bt_row_pack(&row.base, ret_row);
}

static bool decode_rules(const Bitting__Store__V1__Environment *row, bt_environment *environment) {
    bool ok = row->kinds && !(row->kinds & ~BT_KINDS_ALL) && row->max_life_ms > 0 &&
              row->n_expiry_choices_ms <= BT_EXPIRY_CHOICES_MAX;
    if (!ok) return false;
    environment->kinds = row->kinds;
    environment->max_life_ms = row->max_life_ms;
    environment->expiry_choices_count = row->n_expiry_choices_ms;
    for (size_t i = 0; i < row->n_expiry_choices_ms; i++) {
        if (row->expiry_choices_ms[i] <= 0) return false;
        environment->expiry_choices_ms[i] = row->expiry_choices_ms[i];
    }
    return true;
}

static bool decode_one(const Bitting__Store__V1__Environment *row, bt_environments *environments) {
    bt_bytes name = bt_row_bytes(row->name), prefix = bt_row_bytes(row->prefix);
    if (row->id < 1 || row->id > UINT8_MAX) return false;
    if (!bt_environment_name_ok(name) || !bt_token_prefix_ok(prefix)) return false;
    if (bt_environment_by_id(environments, (uint8_t)row->id) ||
        bt_environment_find(environments, name) || bt_environment_by_prefix(environments, prefix))
        return false;
    bt_environment *environment = &environments->list[environments->count++];
    environment->id = (uint8_t)row->id;
    environment->org_keys_stop_with_creator = row->org_keys_stop_with_creator;
    if (!decode_rules(row, environment) || !decode_schemes(row, environment)) return false;
    return bt_bytes_copy_text(name, environment->name, sizeof environment->name) &&
           bt_bytes_copy_text(prefix, environment->prefix, sizeof environment->prefix);
}

static void free_block(uint8_t **block) {
    free(*block);
}

bt_err bt_environments_decode(bt_bytes bytes, bt_environments *ret_environments) {
    uint8_t *block BT_CLEANUP(free_block) = malloc(ARENA_SIZE);
    bt_arena arena;
    if (!block) return BT_ERR_EXHAUSTED;
    bt_arena_init(&arena, block, ARENA_SIZE);
    ProtobufCMessage *message;
    BT_TRY(bt_row_unpack(&bitting__store__v1__environments__descriptor, bytes, &arena, &message));
    const Bitting__Store__V1__Environments *row = (const Bitting__Store__V1__Environments *)message;
    if (row->n_environments > BT_ENVIRONMENTS_MAX) return BT_ERR_INTERNAL;
    bt_environments environments = {0};
    for (size_t i = 0; i < row->n_environments; i++)
        if (!decode_one(row->environments[i], &environments)) return BT_ERR_INTERNAL;
    *ret_environments = environments;
    return BT_OK;
}
