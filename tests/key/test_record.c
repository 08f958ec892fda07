#include <stdalign.h>
#include <stdio.h>

#include "key/record.h"
#include "unit.h"

static bt_record sample(void) {
    bt_record record = {.mask = UINT64_C(0x0123456789abcdef) & INT64_MAX,
                        .version = BT_RECORD_VERSION,
                        .kind = BT_KIND_ORG,
                        .flags = BT_RECORD_USER | BT_RECORD_ORG,
                        .environment = 7,
                        .created_ms = INT64_C(1790000000123),
                        .expires_ms = BT_NEVER_MS,
                        .not_before_ms = INT64_C(1790000000456)};
    for (uint8_t i = 0; i < 24; i++) record.digest_rest[i] = (uint8_t)(0x80 + i);
    for (uint8_t i = 0; i < 16; i++) {
        record.key_id.bytes[i] = (uint8_t)(0x10 + i);
        record.user_ref[i] = (uint8_t)(0x20 + i);
        record.org_ref[i] = (uint8_t)(0x30 + i);
    }
    return record;
}

/* The golden file was written by hand from the layout in record.h, not by this program. */
START_TEST(the_layout_of_records_has_changed) {
    FILE *file = fopen("tests/key/record.golden", "r");
    ck_assert_ptr_nonnull(file);
    char text[2 * BT_RECORD_SIZE + 1] = {0};
    size_t size = 0;
    for (int c; (c = fgetc(file)) != EOF && size < sizeof text - 1;)
        if (c != '\n' && c != ' ') text[size++] = (char)c;
    fclose(file);
    alignas(bt_record) uint8_t golden[BT_RECORD_SIZE];
    ck_assert(bt_hex_decode(bt_bytes_of(text, size), golden, sizeof golden));
    bt_record record = sample();
    ck_assert_mem_eq(golden, &record, sizeof golden);
    ck_assert_ptr_eq(bt_record_view(bt_bytes_of(golden, sizeof golden)), (void *)golden);
}
END_TEST

static const bt_record *view(const bt_record *record) {
    return bt_record_view(bt_bytes_of(record, sizeof *record));
}

START_TEST(a_damaged_row_is_taken_for_a_record) {
    bt_record record = sample();
    ck_assert_ptr_nonnull(view(&record));
    ck_assert_ptr_null(bt_record_view(bt_bytes_of(&record, sizeof record - 1)));
    ck_assert_ptr_null(bt_record_view(bt_bytes_of(NULL, 0)));
    alignas(8) uint8_t shifted[BT_RECORD_SIZE + 8];
    memcpy(shifted + 1, &record, sizeof record);
    ck_assert_ptr_null(bt_record_view(bt_bytes_of(shifted + 1, sizeof record)));
    record.version = 2;
    ck_assert_ptr_null(view(&record));
    record = sample(), record.kind = 0;
    ck_assert_ptr_null(view(&record));
    record = sample(), record.kind = BT_KIND_LAST + 1;
    ck_assert_ptr_null(view(&record));
    record = sample(), record.flags |= 1u << 15;
    ck_assert_ptr_null(view(&record));
    record = sample(), record.environment = 0;
    ck_assert_ptr_null(view(&record));
    record = sample(), record.reserved = 1;
    ck_assert_ptr_null(view(&record));
    record = sample(), record.mask |= UINT64_C(1) << 63;
    ck_assert_ptr_null(view(&record));
}
END_TEST

START_TEST(a_record_matches_another_digest) {
    bt_digest digest;
    for (uint8_t i = 0; i < BT_DIGEST_SIZE; i++) digest.bytes[i] = i;
    bt_record record = sample();
    ck_assert(!bt_record_matches(&record, &digest));
    bt_record_set_digest(&record, &digest);
    ck_assert(bt_record_matches(&record, &digest));
    for (size_t i = 8; i < BT_DIGEST_SIZE; i++) {
        digest.bytes[i] ^= 1;
        ck_assert(!bt_record_matches(&record, &digest));
        digest.bytes[i] ^= 1;
    }
}
END_TEST

START_TEST(key_ids_do_not_sort_by_time) {
    bt_key_id earlier = bt_key_id_make(INT64_C(1790000000000));
    bt_key_id later = bt_key_id_make(INT64_C(1790000000001));
    ck_assert_int_lt(memcmp(earlier.bytes, later.bytes, BT_KEY_ID_SIZE), 0);
    bt_key_id twin = bt_key_id_make(INT64_C(1790000000001));
    ck_assert_mem_ne(later.bytes, twin.bytes, BT_KEY_ID_SIZE);
    char text[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(&later, text);
    ck_assert_uint_eq(strlen(text), 32);
    bt_key_id back;
    ck_assert(bt_key_id_parse(bt_bytes_text(text), &back));
    ck_assert_mem_eq(back.bytes, later.bytes, BT_KEY_ID_SIZE);
    ck_assert(!bt_key_id_parse(bt_bytes_of(text, 31), &back));
}
END_TEST

UNIT_MAIN("record", the_layout_of_records_has_changed, a_damaged_row_is_taken_for_a_record,
          a_record_matches_another_digest, key_ids_do_not_sort_by_time)
