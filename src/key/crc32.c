#include "key/crc32.h"

#include <assert.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are taken from bytes as they are");

/* Slicing by 8. Table k says what a byte does to the sum when k more bytes have gone by. A CRC is linear,
 * so each entry is the sum of what the bits of its number do: of these, which are the table's entries for
 * 1, 2, 4, ... 128. */
#define TABLE0(n)                                                                                  \
    ENTRY(n, 0x77073096, 0xEE0E612C, 0x076DC419, 0x0EDB8832, 0x1DB71064, 0x3B6E20C8, 0x76DC4190,   \
          0xEDB88320)
#define TABLE1(n)                                                                                  \
    ENTRY(n, 0x191B3141, 0x32366282, 0x646CC504, 0xC8D98A08, 0x4AC21251, 0x958424A2, 0xF0794F05,   \
          0x3B83984B)
#define TABLE2(n)                                                                                  \
    ENTRY(n, 0x01C26A37, 0x0384D46E, 0x0709A8DC, 0x0E1351B8, 0x1C26A370, 0x384D46E0, 0x709A8DC0,   \
          0xE1351B80)
#define TABLE3(n)                                                                                  \
    ENTRY(n, 0xB8BC6765, 0xAA09C88B, 0x8F629757, 0xC5B428EF, 0x5019579F, 0xA032AF3E, 0x9B14583D,   \
          0xED59B63B)
#define TABLE4(n)                                                                                  \
    ENTRY(n, 0x3D6029B0, 0x7AC05360, 0xF580A6C0, 0x30704BC1, 0x60E09782, 0xC1C12F04, 0x58F35849,   \
          0xB1E6B092)
#define TABLE5(n)                                                                                  \
    ENTRY(n, 0xCB5CD3A5, 0x4DC8A10B, 0x9B914216, 0xEC53826D, 0x03D6029B, 0x07AC0536, 0x0F580A6C,   \
          0x1EB014D8)
#define TABLE6(n)                                                                                  \
    ENTRY(n, 0xA6770BB4, 0x979F1129, 0xF44F2413, 0x33EF4E67, 0x67DE9CCE, 0xCFBD399C, 0x440B7579,   \
          0x8816EAF2)
#define TABLE7(n)                                                                                  \
    ENTRY(n, 0xCCAA009E, 0x4225077D, 0x844A0EFA, 0xD3E51BB5, 0x7CBB312B, 0xF9766256, 0x299DC2ED,   \
          0x533B85DA)

#define BIT(n, bit, sum) ((n) >> (bit)&1 ? UINT32_C(sum) : 0)
#define ENTRY(n, ...) ENTRY_(n, __VA_ARGS__)
#define ENTRY_(n, s0, s1, s2, s3, s4, s5, s6, s7)                                                  \
    BIT(n, 0, s0) ^ BIT(n, 1, s1) ^ BIT(n, 2, s2) ^ BIT(n, 3, s3) ^ BIT(n, 4, s4) ^                \
        BIT(n, 5, s5) ^ BIT(n, 6, s6) ^ BIT(n, 7, s7)
#define FOUR(T, n) T((n)), T((n) + 1), T((n) + 2), T((n) + 3)
#define SIXTEEN(T, n) FOUR(T, (n)), FOUR(T, (n) + 4), FOUR(T, (n) + 8), FOUR(T, (n) + 12)
#define SIXTY_FOUR(T, n)                                                                           \
    SIXTEEN(T, (n)), SIXTEEN(T, (n) + 16), SIXTEEN(T, (n) + 32), SIXTEEN(T, (n) + 48)
#define WHOLE(T) SIXTY_FOUR(T, 0), SIXTY_FOUR(T, 64), SIXTY_FOUR(T, 128), SIXTY_FOUR(T, 192)

static const uint32_t tables[8][256] = {
    {WHOLE(TABLE0)}, {WHOLE(TABLE1)}, {WHOLE(TABLE2)}, {WHOLE(TABLE3)},
    {WHOLE(TABLE4)}, {WHOLE(TABLE5)}, {WHOLE(TABLE6)}, {WHOLE(TABLE7)},
};

static uint32_t add_eight(uint32_t sum, const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    word ^= sum;
    return tables[7][word & 0xFF] ^ tables[6][word >> 8 & 0xFF] ^ tables[5][word >> 16 & 0xFF] ^
           tables[4][word >> 24 & 0xFF] ^ tables[3][word >> 32 & 0xFF] ^
           tables[2][word >> 40 & 0xFF] ^ tables[1][word >> 48 & 0xFF] ^ tables[0][word >> 56];
}

uint32_t bt_crc32(bt_bytes bytes) {
    uint32_t sum = UINT32_MAX;
    size_t at = 0;
    for (; bytes.size - at >= 8; at += 8) sum = add_eight(sum, bytes.data + at);
    for (; at < bytes.size; at++) sum = sum >> 8 ^ tables[0][(sum ^ bytes.data[at]) & 0xFF];
    return ~sum;
}
