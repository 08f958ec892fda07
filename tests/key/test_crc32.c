#include "key/crc32.h"
#include "unit.h"

/* From the definition, bit by bit. */
static uint32_t plain(bt_bytes bytes) {
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < bytes.size; i++) {
        sum ^= bytes.data[i];
        for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~sum;
}

START_TEST(checksum_is_not_that_of_zlib) {
    /* The check value of CRC-32/ISO-HDLC. */
    ck_assert_uint_eq(bt_crc32(BT_LITERAL("123456789")), UINT32_C(0xCBF43926));
    ck_assert_uint_eq(bt_crc32((bt_bytes){0}), 0);
}
END_TEST

START_TEST(checksum_differs_with_length_or_place) {
    uint8_t bytes[120];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 167 + i / 7);
    for (size_t start = 0; start < 9; start++)
        for (size_t size = 0; size <= 100; size++) {
            bt_bytes part = bt_bytes_of(bytes + start, size);
            ck_assert_uint_eq(bt_crc32(part), plain(part));
        }
}
END_TEST

UNIT_MAIN("crc32", checksum_is_not_that_of_zlib, checksum_differs_with_length_or_place)
