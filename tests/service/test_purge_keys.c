/* rooms: service support */
#include "service/owners.h"
#include "service/purge_keys.h"
#include "service/read_keys.h"
#include "store/verify.h"
#include "support/house.h"
#include "unit.h"

static bool is_there(test_house *house, const house_key *key) {
    static uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_key found;
    bt_fault fault;
    bt_arena_init(&arena, block, sizeof block);
    house_renew(house);
    return !bt_service_get_key(&house->session, &house->administrator, bt_bytes_text(key->id),
                               &arena, &found, &fault);
}

static bt_purge_report purge(test_house *house, int64_t before_ms, bool dry_run) {
    bt_purge_report report;
    bt_fault fault;
    ck_assert_msg(!bt_purge_keys(&house->session, before_ms, dry_run, &report, &fault), "%s",
                  fault.text);
    return report;
}

START_TEST(a_key_that_is_good_or_ended_lately_is_purged) {
    test_house house;
    house_open(&house);
    house_key good = house_backend(&house, 1), gone[300];
    for (int i = 0; i < 300; i++) {
        gone[i] = house_create(&house, (bt_create_key_request){.kind = BT_KIND_PERSONAL,
                                                               .user_id = BT_LITERAL("ann")});
        house_revoke(&house, &gone[i]);
    }
    ck_assert_uint_eq(purge(&house, bt_clock_ms() - BT_DAY_MS, false).purged, 0);
    bt_purge_report report = purge(&house, bt_clock_ms() + BT_DAY_MS, true);
    ck_assert_uint_eq(report.purged, 300);
    ck_assert_uint_eq(report.looked_at, 301);
    ck_assert(is_there(&house, &gone[0]));
    ck_assert_uint_eq(purge(&house, bt_clock_ms() + BT_DAY_MS, false).purged, 300);
    ck_assert(!is_there(&house, &gone[0]) && !is_there(&house, &gone[299]));
    ck_assert(is_there(&house, &good));
    bt_verify_report verified;
    bt_fault fault;
    ck_assert(!bt_store_verify(house.service.store, &verified, &fault));
    ck_assert_uint_eq(verified.problems, 0);
    ck_assert_uint_eq(verified.keys, 1);
    house_close(&house);
}
END_TEST

START_TEST(a_key_outlives_its_deleted_owner_or_ends_with_one_that_is_blocked) {
    test_house house;
    house_open(&house);
    house_key gone = house_create(&house, (bt_create_key_request){.kind = BT_KIND_PERSONAL,
                                                                  .user_id = BT_LITERAL("ann")}),
              made = house_create(&house, (bt_create_key_request){.kind = BT_KIND_ORG,
                                                                  .org_id = BT_LITERAL("acme"),
                                                                  .user_id = BT_LITERAL("ann")}),
              blocked = house_create(&house, (bt_create_key_request){.kind = BT_KIND_PERSONAL,
                                                                     .user_id = BT_LITERAL("bob")});
    bt_change_owner forget = {.action = BT_OWNER_DELETE,
                              .owner = {BT_LITERAL("test"), BT_LITERAL("ann"), {0}}},
                    block = {.action = BT_OWNER_STOP,
                             .owner = {BT_LITERAL("test"), BT_LITERAL("bob"), {0}}};
    bt_change_owner_run(&forget, &house.service, &house.administrator);
    bt_change_owner_run(&block, &house.service, &house.administrator);
    ck_assert_uint_eq(purge(&house, bt_clock_ms() - BT_DAY_MS, false).purged, 0);
    ck_assert_uint_eq(purge(&house, bt_clock_ms() + BT_DAY_MS, true).purged, 1);
    ck_assert_uint_eq(purge(&house, bt_clock_ms() + BT_DAY_MS, false).purged, 1);
    ck_assert(!is_there(&house, &gone));
    ck_assert(is_there(&house, &made) && is_there(&house, &blocked));
    house_close(&house);
}
END_TEST

UNIT_MAIN("purge_keys", a_key_that_is_good_or_ended_lately_is_purged,
          a_key_outlives_its_deleted_owner_or_ends_with_one_that_is_blocked)
