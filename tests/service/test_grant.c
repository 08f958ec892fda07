/* rooms: service support */
#include "service/grant.h"
#include "support/house.h"
#include "unit.h"

/* SplitMix64: the same numbers in every run. */
static uint64_t state = 2026;

static uint64_t draw(void) {
    uint64_t n = state += UINT64_C(0x9E3779B97F4A7C15);
    n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ^ n >> 31;
}

/* Few bits, half of them, or most: grants that overlap in part. */
static uint64_t draw_mask(uint64_t live) {
    uint64_t mask = draw();
    switch (draw() % 3) {
    case 0:
        return mask & draw() & draw() & live;
    case 1:
        return mask & live;
    default:
        return (mask | draw() | draw()) & live;
    }
}

/* Half of the requests are within what the caller holds, or nearly. */
static bt_create_key_request draw_request(const bt_catalogue *catalogue, uint64_t held,
                                          uint64_t *ret_mask, bool *ret_full) {
    bt_create_key_request request = {.name = BT_LITERAL("x"), .expiry.expires_ms = BT_NEVER_MS};
    *ret_mask = draw_mask(catalogue->live);
    *ret_full = false;
    if (draw() % 2) *ret_mask &= held;
    if (draw() % 8 == 0) *ret_mask |= BIT(draw() % BT_MASK_BITS) & catalogue->live;
    switch (draw() % 4) {
    case 0:
        for (uint64_t rest = *ret_mask; rest; rest = bt_mask_without_lowest(rest))
            request.grant.scopes[request.grant.scopes_count++] =
                bt_bytes_text(catalogue->scopes[bt_mask_lowest(rest)].name);
        break;
    case 1: {
        const bt_preset *preset = &catalogue->presets[draw() % catalogue->presets_count];
        request.grant.preset = bt_bytes_text(preset->name);
        *ret_full = preset->full_access;
        *ret_mask = preset->full_access ? catalogue->live : preset->mask;
        break;
    }
    default:
        request.grant.scope_mask = *ret_mask;
    }
    return request;
}

START_TEST(a_caller_makes_a_key_that_holds_more_than_its_own) {
    test_house house;
    unsigned made = 0, refused = 0;
    house_open(&house);
    house_key keys[20];
    for (size_t i = 0; i < 20; i++) {
        uint64_t mask = draw_mask(bt_snapshot_head(house.session.snapshot)->live);
        keys[i] = i == 0 ? house_full_access(&house) : house_backend(&house, mask | BIT(49));
    }
    for (unsigned i = 0; i < unit_rounds(2000); i++) {
        bt_caller caller = house_caller(&house, &keys[draw() % 20]);
        uint64_t mask;
        bool full;
        bt_create_key create = {.request =
                                    draw_request(bt_snapshot_catalogue(house.session.snapshot),
                                                 caller.held, &mask, &full)};
        bt_create_key_run(&create, &house.service, &caller);
        bool may = caller.full_access || (!full && (mask & ~caller.held) == 0);
        bt_err err = create.mutation.change.fault.err;
        ck_assert_msg(err == (may ? BT_OK : BT_ERR_FORBIDDEN), "%d: %d %s", i, err,
                      create.mutation.change.fault.text);
        if (err) {
            refused++;
            continue;
        }
        made++;
        ck_assert_uint_eq(create.issued.key.mask & ~caller.held, 0);
        ck_assert(caller.full_access || !create.issued.key.full_access);
        ck_assert_uint_eq(create.issued.key.mask, mask);
        house_renew(&house);
    }
    ck_assert_uint_ge(made, unit_rounds(2000) / 10);
    ck_assert_uint_ge(refused, unit_rounds(2000) / 10);
    house_close(&house);
}
END_TEST

START_TEST(the_refusal_does_not_name_what_is_lacking) {
    test_house house;
    bt_fault fault;
    house_open(&house);
    const bt_catalogue *catalogue = bt_snapshot_catalogue(house.session.snapshot);
    bt_caller caller = {.held = catalogue->live & ~BIT(12)};
    ck_assert_int_eq(bt_grant_allowed(&caller, catalogue, BIT(0), false, &fault), BT_OK);
    ck_assert_int_eq(bt_grant_allowed(&caller, catalogue, BIT(12), false, &fault),
                     BT_ERR_FORBIDDEN);
    ck_assert_ptr_nonnull(strstr(fault.text, "users.delete"));
    /* Every scope of today is not every scope of tomorrow. */
    caller.held = catalogue->live;
    ck_assert_int_eq(bt_grant_allowed(&caller, catalogue, 0, true, &fault), BT_ERR_FORBIDDEN);
    ck_assert_ptr_nonnull(strstr(fault.text, "full access"));
    /* A scope that is retired, and may be held again some day. */
    ck_assert_int_eq(bt_grant_allowed(&caller, catalogue, BIT(15), false, &fault),
                     BT_ERR_FORBIDDEN);
    house_retire(&house, "users.create");
    catalogue = bt_snapshot_catalogue(house.session.snapshot);
    caller.held = catalogue->live;
    ck_assert_int_eq(bt_grant_allowed(&caller, catalogue, BIT(1), false, &fault), BT_ERR_FORBIDDEN);
    ck_assert_ptr_nonnull(strstr(fault.text, "granted users.create, which is retired"));
    caller.full_access = true;
    ck_assert_int_eq(bt_grant_allowed(&caller, catalogue, BIT(15), true, &fault), BT_OK);
    house_close(&house);
}
END_TEST

UNIT_MAIN("grant", a_caller_makes_a_key_that_holds_more_than_its_own,
          the_refusal_does_not_name_what_is_lacking)
