#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key/digest.h"
#include "unit.h"

#define TOKEN "bt_test_00000000000000000000000000000000000000000001wwiKp"

static bt_pepper *known_pepper(void) {
    uint8_t bytes[BT_PEPPER_SIZE];
    for (uint8_t i = 0; i < sizeof bytes; i++) bytes[i] = i;
    return bt_pepper_from_bytes(bytes);
}

/* Computed with Python's hashlib.blake2b(b"test\0" + token, key=bytes(range(32)), digest_size=32). */
START_TEST(digests_have_changed) {
    bt_pepper *pepper = known_pepper();
    bt_digest digest = bt_digest_token(pepper, BT_LITERAL("test"), BT_LITERAL(TOKEN));
    char text[2 * BT_DIGEST_SIZE + 1];
    bt_hex_encode(bt_bytes_of(digest.bytes, sizeof digest.bytes), text);
    ck_assert_str_eq(text, "9c6d484edeea27bce6ec91ff45003572c0209608c50e6a020d0867010943bb6e");
    ck_assert_uint_eq(bt_digest_slot(&digest), UINT64_C(0xbc27eade4e486d9c));
    uint8_t fingerprint[BT_FINGERPRINT_SIZE];
    bt_pepper_fingerprint(pepper, fingerprint);
    bt_hex_encode(bt_bytes_of(fingerprint, sizeof fingerprint), text);
    ck_assert_str_eq(text, "f04b871d2d47532292e6d59ba03ce9c5");
    bt_pepper_free(pepper);
}
END_TEST

START_TEST(digests_do_not_depend_on_all_of_their_inputs) {
    bt_pepper *pepper = known_pepper();
    bt_digest digest = bt_digest_token(pepper, BT_LITERAL("test"), BT_LITERAL(TOKEN));
    bt_digest other = bt_digest_token(pepper, BT_LITERAL("prod"), BT_LITERAL(TOKEN));
    ck_assert_mem_ne(digest.bytes, other.bytes, BT_DIGEST_SIZE);
    other = bt_digest_token(pepper, BT_LITERAL("test"), BT_LITERAL(TOKEN "0"));
    ck_assert_mem_ne(digest.bytes, other.bytes, BT_DIGEST_SIZE);
    pepper = bt_pepper_free(pepper);
    uint8_t zeros[BT_PEPPER_SIZE] = {0};
    pepper = bt_pepper_from_bytes(zeros);
    other = bt_digest_token(pepper, BT_LITERAL("test"), BT_LITERAL(TOKEN));
    ck_assert_mem_ne(digest.bytes, other.bytes, BT_DIGEST_SIZE);
    bt_pepper_free(pepper);
}
END_TEST

static char directory[] = "/tmp/bitting-pepper-XXXXXX";
static char path[sizeof directory + 8];

static void setup(void) {
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/pepper", directory);
}

static void teardown(void) {
    unlink(path);
    rmdir(directory);
    snprintf(directory, sizeof directory, "/tmp/bitting-pepper-XXXXXX");
}

static void write_file(const char *text, mode_t mode) {
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static bt_err load(bt_fault *fault) {
    bt_pepper *pepper = NULL;
    bt_err err = bt_pepper_load(path, geteuid(), &pepper, fault);
    ck_assert(!err == !!pepper);
    bt_pepper_free(pepper);
    return err;
}

START_TEST(a_pepper_is_made_once_private_and_read_back) {
    setup();
    bt_fault fault = {0};
    ck_assert_int_eq(load(&fault), BT_ERR_NOT_FOUND);
    ck_assert_int_eq(bt_pepper_create(path, &fault), BT_OK);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(load(&fault), BT_OK);
    ck_assert_int_eq(bt_pepper_create(path, &fault), BT_ERR_EXISTS);
    teardown();
}
END_TEST

START_TEST(a_pepper_that_others_can_reach_is_taken) {
    setup();
    static const char good[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    static const struct {
        mode_t mode;
        bt_err err;
    } cases[] = {{0600, BT_OK},
                 {0400, BT_OK},
                 {0640, BT_OK},
                 {0440, BT_OK},
                 {0644, BT_ERR_PRECONDITION},
                 {0660, BT_ERR_PRECONDITION},
                 {0604, BT_ERR_PRECONDITION},
                 {0602, BT_ERR_PRECONDITION}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(good, cases[i].mode);
        bt_fault fault = {0};
        ck_assert_msg(load(&fault) == cases[i].err, "%04o: %s", (unsigned)cases[i].mode,
                      fault.text);
        unlink(path);
    }
    teardown();
}
END_TEST

START_TEST(a_pepper_of_another_form_is_taken) {
    setup();
    static const char *const bad[] = {
        "",
        "\n",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n\n",
        "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(bad[i], 0600);
        bt_fault fault = {0};
        ck_assert_msg(load(&fault) == BT_ERR_PRECONDITION, "%zu", i);
        ck_assert_msg(!bad[i][0] || bad[i][0] == '\n' || !strstr(fault.text, "0001020304"),
                      "the text shows the secret: %s", fault.text);
    }
    unlink(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    bt_fault fault = {0};
    ck_assert_int_eq(load(&fault), BT_ERR_PRECONDITION);
    rmdir(path);
    teardown();
}
END_TEST

UNIT_MAIN("digest", digests_have_changed, digests_do_not_depend_on_all_of_their_inputs,
          a_pepper_is_made_once_private_and_read_back, a_pepper_that_others_can_reach_is_taken,
          a_pepper_of_another_form_is_taken)
