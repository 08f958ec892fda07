#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key/foreign.h"
#include "key/foreign_pepper.h"
#include "unit.h"

#define TOKEN "sk_legacy-0001"

static bt_foreign_pepper text_pepper, long_pepper;

static void make_peppers(void) {
    text_pepper.size = sizeof "pepper of old" - 1;
    memcpy(text_pepper.bytes, "pepper of old", text_pepper.size);
    /* Longer than a block of SHA-256. */
    long_pepper.size = 100;
    for (uint8_t i = 0; i < 100; i++) long_pepper.bytes[i] = i;
}

static void assert_hash(bt_scheme scheme, const char *right) {
    char text[2 * BT_FOREIGN_HASH_SIZE + 1];
    snprintf(scheme.prefix, sizeof scheme.prefix, "sk_");
    bt_foreign_hash hash = bt_foreign_hash_token(&scheme, BT_LITERAL(TOKEN));
    bt_hex_encode(bt_bytes_of(hash.bytes, sizeof hash.bytes), text);
    ck_assert_str_eq(text, right);
}

/* By Python's hashlib.sha256 and hmac.new(pepper, message, hashlib.sha256), of `sk_legacy-0001` and `legacy-0001`. */
START_TEST(hashes_are_not_those_of_other_systems) {
    make_peppers();
    static const struct {
        bt_hash_method method;
        bool rest;
        const char *text, *of_long;
    } cases[] = {
        {BT_HASH_HMAC_SHA256, false,
         "25504fb1aae012545ea9f83b5e0d5d0f8e53a0d862da2bc826deb42069fdb6f0",
         "cecfca51a905229d49ddfe24a51e5112518de5f1db8086769d1bb6a1dd9cb618"},
        {BT_HASH_PEPPER_FIRST, false,
         "c568fdef8377148119658669df1596d8deb72e4c3a02fa33e2ae9e5e85072670",
         "05d12f4dbfa08e589a84d7ab60c9be4daffca34e728680233ee4e5f19a06792a"},
        {BT_HASH_PEPPER_LAST, false,
         "e0c09840876c040a6a9d5967507bd0fea4b55472df6bd5eea48abb4d9268d8ab",
         "df32c1668acbfa9c7be4f60925cc4e46937f1db2fd5875983b77ad9f4260821d"},
        {BT_HASH_HMAC_SHA256, true,
         "b9c4caedf37c44f592fbac87d16f20ed4ad16a5125ef835fa165ab685f78f356",
         "3b4a08126ce035c72ffcc268477c8e572f7144c05dc3aa3e59486101b1bc180c"},
        {BT_HASH_PEPPER_FIRST, true,
         "f4381a59efbc59bebb0896cf0eeae168ae666773e7b3ae670eb96468c0853acf",
         "16b9f26ce6810253393219a68811385571d6ff1102068fa10033145395948577"},
        {BT_HASH_PEPPER_LAST, true,
         "bf0cce99351ebf8ea55f2824ca61cefb1bd48da519f560ee0fc5fdf31a4bca91",
         "34de4c2689a0eca468fa6c01ee9276f598065850d7c85a8534f6274b4bd7e16e"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bt_scheme scheme = {.method = cases[i].method, .hashes_rest = cases[i].rest};
        scheme.pepper = &text_pepper;
        assert_hash(scheme, cases[i].text);
        scheme.pepper = &long_pepper;
        assert_hash(scheme, cases[i].of_long);
    }
    bt_scheme plain = {.method = BT_HASH_SHA256};
    assert_hash(plain, "0bddb6e798b4f768f3a61aac18303582414dab516c4d2e9a829d4ce0146f62f3");
    plain.hashes_rest = true;
    assert_hash(plain, "8f61e0efbee5abbdebb1c8d06b712308164a0cad1d161e826ada50faccfce2a1");
}
END_TEST

static bt_environment environment_of(const char *const *prefixes, size_t count) {
    bt_environment environment = {.id = 1, .name = "test", .schemes_count = count};
    for (size_t i = 0; i < count; i++) {
        bt_scheme *scheme = &environment.schemes[i];
        scheme->method = BT_HASH_SHA256;
        snprintf(scheme->prefix, sizeof scheme->prefix, "%s", prefixes[i]);
    }
    return environment;
}

START_TEST(a_scheme_that_a_token_fits_is_not_tried) {
    static const char *const prefixes[] = {"", "sk_", "pk_", "sk_legacy"};
    static const uint8_t zeros[BT_PEPPER_SIZE];
    bt_pepper *pepper = bt_pepper_from_bytes(zeros);
    bt_environment environment = environment_of(prefixes, 4);
    static const unsigned fitting[] = {0, 1, 3};
    bt_digest digest;
    unsigned at = 0;
    for (size_t i = 0; i < 3; i++) {
        ck_assert(bt_foreign_next(pepper, &environment, BT_LITERAL(TOKEN), &at, &digest));
        bt_foreign_hash hash =
            bt_foreign_hash_token(&environment.schemes[fitting[i]], BT_LITERAL(TOKEN));
        bt_digest right = bt_foreign_digest(pepper, &environment, fitting[i], &hash);
        ck_assert_mem_eq(digest.bytes, right.bytes, sizeof digest.bytes);
    }
    ck_assert(!bt_foreign_next(pepper, &environment, BT_LITERAL(TOKEN), &at, &digest));
    ck_assert_int_eq(bt_foreign_scheme(&environment, BT_LITERAL(TOKEN)), 3);
    environment.schemes[3].method = BT_HASH_PEPPER_LAST;
    ck_assert_int_eq(bt_foreign_scheme(&environment, BT_LITERAL(TOKEN)), 1);
    environment.schemes[0].forgotten = true;
    ck_assert(bt_foreign_fits(&environment, BT_LITERAL(TOKEN)));
    ck_assert(!bt_foreign_fits(&environment, BT_LITERAL("another-token")));
    bt_pepper_free(pepper);
}
END_TEST

START_TEST(a_scheme_without_its_pepper_is_taken_for_one_that_knows_nothing) {
    static const char *const prefixes[] = {"", "sk_"};
    static const uint8_t zeros[BT_PEPPER_SIZE];
    bt_pepper *pepper = bt_pepper_from_bytes(zeros);
    bt_environment environment = environment_of(prefixes, 2);
    bt_digest digest;
    unsigned at = 0;
    make_peppers();
    environment.schemes[1].method = BT_HASH_HMAC_SHA256;
    ck_assert_ptr_eq(bt_foreign_lacking(&environment, BT_LITERAL(TOKEN)), &environment.schemes[1]);
    ck_assert_ptr_null(bt_foreign_lacking(&environment, BT_LITERAL("another-token")));
    ck_assert(bt_foreign_next(pepper, &environment, BT_LITERAL(TOKEN), &at, &digest));
    ck_assert(!bt_foreign_next(pepper, &environment, BT_LITERAL(TOKEN), &at, &digest));
    environment.schemes[1].pepper = &text_pepper;
    ck_assert_ptr_null(bt_foreign_lacking(&environment, BT_LITERAL(TOKEN)));
    bt_pepper_free(pepper);
}
END_TEST

static char path[] = "/tmp/bitting-foreign-XXXXXX";

START_TEST(a_key_that_no_token_can_find_is_not_lost_or_another_is) {
    bt_environment environment = {
        .schemes_count = 2,
        .schemes = {{.method = BT_HASH_SHA256}, {.method = BT_HASH_PEPPER_LAST}}};
    ck_assert(!bt_foreign_is_lost(&environment, 2));
    environment.schemes[1].forgotten = true;
    ck_assert(bt_foreign_is_lost(&environment, 2));
    ck_assert(!bt_foreign_is_lost(&environment, 1));
    ck_assert(!bt_foreign_is_lost(&environment, 3));
    ck_assert(!bt_foreign_is_lost(&environment, 0)); /* it may be one of the first scheme's */
    environment.schemes[0] = environment.schemes[1];
    ck_assert(bt_foreign_is_lost(&environment, 0));
    ck_assert(!bt_foreign_is_lost(&(bt_environment){.schemes_count = 0}, 0));
}
END_TEST

static bt_err load(const char *text, size_t size, mode_t mode, bt_foreign_pepper **ret_pepper,
                   bt_fault *fault) {
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, size, file), size);
    fclose(file);
    chmod(path, mode);
    *fault = (bt_fault){0};
    return bt_foreign_pepper_load(path, geteuid(), ret_pepper, fault);
}

static void assert_loads(const char *text, bt_bytes right) {
    bt_foreign_pepper *pepper;
    bt_fault fault;
    ck_assert_msg(!load(text, strlen(text), 0600, &pepper, &fault), "%s", fault.text);
    ck_assert_uint_eq(pepper->size, right.size);
    ck_assert_mem_eq(pepper->bytes, right.data, right.size);
    bt_foreign_pepper_free(pepper);
}

static void assert_refused(const char *text, size_t size, mode_t mode) {
    bt_foreign_pepper *pepper;
    bt_fault fault;
    ck_assert_int_eq(load(text, size, mode, &pepper, &fault), BT_ERR_PRECONDITION);
    ck_assert_msg(strstr(fault.text, path) && !strstr(fault.text, "secret"), "%s", fault.text);
}

START_TEST(a_pepper_file_is_read_otherwise_than_it_says) {
    static char many[2 * BT_FOREIGN_PEPPER_MAX + 16];
    bt_foreign_pepper *pepper;
    bt_fault fault;
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    assert_loads("secret words", BT_LITERAL("secret words"));
    assert_loads("secret words\n", BT_LITERAL("secret words"));
    assert_loads("secret words\n\n", BT_LITERAL("secret words\n"));
    assert_loads("hex:00fFa5\n", BT_LITERAL("\x00\xff\xa5"));
    assert_loads("base64:AP+l", BT_LITERAL("\x00\xff\xa5"));
    assert_loads("base64:AP-lAA", BT_LITERAL("\x00\xff\xa5\x00"));
    static const char *const bad[] = {"",       "\n",         "hex:",    "hex:0",
                                      "hex:0g", "hex:00\n\n", "base64:", "base64:!!secret"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i], strlen(bad[i]), 0600);
    assert_refused("secret", 6, 0644);
    memset(many, 'x', sizeof many);
    ck_assert(!load(many, BT_FOREIGN_PEPPER_MAX, 0640, &pepper, &fault));
    bt_foreign_pepper_free(pepper);
    assert_refused(many, BT_FOREIGN_PEPPER_MAX + 1, 0600);
    assert_refused(many, sizeof many, 0600);
    unlink(path);
    ck_assert_int_eq(bt_foreign_pepper_load(path, 0, &pepper, &fault), BT_ERR_NOT_FOUND);
}
END_TEST

UNIT_MAIN("foreign", hashes_are_not_those_of_other_systems, a_scheme_that_a_token_fits_is_not_tried,
          a_scheme_without_its_pepper_is_taken_for_one_that_knows_nothing,
          a_pepper_file_is_read_otherwise_than_it_says,
          a_key_that_no_token_can_find_is_not_lost_or_another_is)
