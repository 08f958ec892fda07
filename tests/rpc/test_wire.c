/* rooms: rpc support */
#include "bitting/v1/check.pb-c.h"
#include "bitting/v1/key.pb-c.h"
#include "rpc/check_messages.h"
#include "rpc/key_message.h"
#include "rpc/key_messages.h"
#include "unit.h"

/* SplitMix64: the same numbers in every run. */
static uint64_t state = 7;

static uint64_t draw(void) {
    uint64_t n = state += UINT64_C(0x9E3779B97F4A7C15);
    n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ^ n >> 31;
}

/* Of every length of its varint. */
static uint64_t draw_number(void) {
    return draw() >> draw() % 64;
}

static ProtobufCBinaryData draw_bytes(size_t most) {
    static uint8_t pool[4096];
    static bool filled;
    for (size_t i = 0; !filled && i < sizeof pool; i++) pool[i] = (uint8_t)draw();
    filled = true;
    return (ProtobufCBinaryData){draw() % (most + 1), pool + draw() % 1024};
}

static bool same(ProtobufCBinaryData a, bt_bytes b) {
    return bt_bytes_equal(bt_bytes_of(a.data, a.len), b);
}

static uint64_t set_of(const Bitting__V1__KeyKind *kinds, size_t count) {
    uint64_t set = 0;
    for (size_t i = 0; i < count; i++) set |= UINT64_C(1) << kinds[i];
    return set;
}

START_TEST(a_check_request_is_read_otherwise_than_it_was_written) {
    static uint8_t bytes[1 << 16];
    for (unsigned round = 0; round < unit_rounds(20000); round++) {
        Bitting__V1__CheckScopeRequest in = BITTING__V1__CHECK_SCOPE_REQUEST__INIT;
        ProtobufCBinaryData scopes[BT_ASK_SCOPES_MAX];
        Bitting__V1__KeyKind kinds[8];
        in.n_scopes = draw() % 4 ? draw() % 3 : draw() % (BT_ASK_SCOPES_MAX + 1);
        for (size_t i = 0; i < in.n_scopes; i++) scopes[i] = draw_bytes(40);
        in.scopes = scopes;
        in.n_accepted_kinds = draw() % 8;
        for (size_t i = 0; i < in.n_accepted_kinds; i++) kinds[i] = 1 + draw() % 4;
        in.accepted_kinds = kinds;
        in.token = draw_bytes(draw() % 8 ? 100 : 3000);
        in.scope_mask = draw_number();
        in.match = draw() % 3;
        in.resource = draw_bytes(20);
        in.environment = draw_bytes(16);
        in.client_ip = draw_bytes(40);
        in.min_revision = draw_number();
        size_t size = bitting__v1__check_scope_request__pack(&in, bytes);
        bt_ask_scope out;
        bt_fault fault = {0};
        bt_err err = bt_ask_scope_read(bt_bytes_of(bytes, size), &out, &fault);
        ck_assert_msg(err == BT_OK, "%s", fault.text);
        ck_assert(same(in.token, out.ask.token) && same(in.resource, out.resource));
        ck_assert(same(in.environment, out.ask.environment));
        ck_assert(same(in.client_ip, out.ask.client_ip));
        ck_assert_uint_eq(in.scope_mask, out.scope_mask);
        ck_assert_uint_eq(in.min_revision, out.ask.min_revision);
        ck_assert_int_eq(in.match, out.match);
        ck_assert_uint_eq(set_of(kinds, in.n_accepted_kinds), out.ask.accepted_kinds);
        ck_assert_uint_eq(in.n_scopes, out.scopes_count);
        for (size_t i = 0; i < in.n_scopes; i++) ck_assert(same(scopes[i], out.scopes[i]));
        /* No beginning of it is read beyond its end; under a sanitizer this is a sharp test. */
        size_t cut = size ? draw() % size : 0;
        uint8_t *part = malloc(cut + 1);
        memcpy(part + 1, bytes, cut);
        (void)bt_ask_scope_read(bt_bytes_of(part + 1, cut), &out, &fault);
        free(part);
    }
}
END_TEST

START_TEST(a_create_request_is_read_otherwise_than_it_was_written) {
    static uint8_t bytes[1 << 16];
    for (unsigned round = 0; round < unit_rounds(5000); round++) {
        Bitting__V1__CreateKeyRequest in = BITTING__V1__CREATE_KEY_REQUEST__INIT;
        Bitting__V1__CreateKeyRequest__LabelsEntry entries[BT_LABELS_MAX], *labels[BT_LABELS_MAX];
        Google__Protobuf__Timestamp expires = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        in.n_labels = draw() % (BT_LABELS_MAX + 1);
        for (size_t i = 0; i < in.n_labels; i++) {
            entries[i] = (Bitting__V1__CreateKeyRequest__LabelsEntry)
                BITTING__V1__CREATE_KEY_REQUEST__LABELS_ENTRY__INIT;
            entries[i].key = draw_bytes(20);
            entries[i].value = draw_bytes(20);
            labels[i] = &entries[i];
        }
        in.labels = labels;
        in.name = draw_bytes(200);
        in.kind = draw() % 5;
        in.user_id = draw_bytes(10);
        in.org_id = draw_bytes(10);
        in.preset = draw_bytes(10);
        in.metadata = draw_bytes(300);
        in.environment = draw_bytes(16);
        in.scope_mask = draw_number();
        expires.seconds = (int64_t)(draw() % 253402300800);
        expires.nanos = (int32_t)(draw() % 1000000000);
        in.expires_at = draw() % 2 ? &expires : NULL;
        size_t size = bitting__v1__create_key_request__pack(&in, bytes);
        bt_create_key_request out;
        bt_fault fault = {0};
        bt_err err = bt_create_key_read(bt_bytes_of(bytes, size), &out, &fault);
        ck_assert_msg(err == BT_OK, "%s", fault.text);
        ck_assert(same(in.name, out.name) && same(in.metadata, out.metadata));
        ck_assert(same(in.user_id, out.user_id) && same(in.org_id, out.org_id));
        ck_assert(same(in.preset, out.grant.preset) && same(in.environment, out.environment));
        ck_assert_int_eq(in.kind, out.kind);
        ck_assert_uint_eq(in.scope_mask, out.grant.scope_mask);
        int64_t expected = expires.seconds * 1000 + expires.nanos / 1000000;
        ck_assert_int_eq(out.expiry.expires_ms, in.expires_at ? expected : BT_NEVER_MS);
        ck_assert_uint_eq(in.n_labels, out.labels_count);
        for (size_t i = 0; i < in.n_labels; i++)
            ck_assert(same(entries[i].key, out.labels[i].key) &&
                      same(entries[i].value, out.labels[i].value));
    }
}
END_TEST

/* What is read and packed again by protobuf-c is the same bytes: nothing is lost, in no other order. */
START_TEST(a_key_is_written_otherwise_than_protobuf_c_writes_it) {
    bt_label labels[] = {{BT_LITERAL("team"), BT_LITERAL("blue")}, {BT_LITERAL("x"), {0}}};
    for (int round = 0; round < 200; round++) {
        bt_key key = {.kind = (bt_kind)(1 + draw() % 4),
                      .state = (bt_key_state)(1 + draw() % 5),
                      .full_access = draw() % 2,
                      .mask = draw() & ~BT_MASK_FORBIDDEN,
                      .high_risk = draw(),
                      .created_ms = (int64_t)(draw() % BT_LAST_MS),
                      .expires_ms = draw() % 2 ? BT_NEVER_MS : (int64_t)(draw() % BT_LAST_MS),
                      .environment = BT_LITERAL("prod"),
                      .detail = {.name = BT_LITERAL("a name"),
                                 .metadata = draw() % 2 ? BT_LITERAL("{}") : (bt_bytes){0},
                                 .labels = labels,
                                 .labels_count = draw() % 3,
                                 .user_id = BT_LITERAL("u"),
                                 .preset = BT_LITERAL("p"),
                                 .revoked_ms = draw() % 2 ? 0 : 1790000000000,
                                 .revoke_reason = BT_LITERAL("why"),
                                 .created_by = BT_LITERAL("cli")}};
        for (uint64_t rest = key.mask; rest; rest = bt_mask_without_lowest(rest))
            key.scopes[key.scopes_count++] = BT_LITERAL("users.read");
        static uint8_t ours[BT_KEY_MESSAGE_MAX], theirs[BT_KEY_MESSAGE_MAX];
        bt_out out = bt_out_into(ours, sizeof ours);
        bt_key_write(&key, &out);
        ck_assert(!out.full);
        Bitting__V1__Key *read = bitting__v1__key__unpack(NULL, out.size, ours);
        ck_assert_ptr_nonnull(read);
        ck_assert_uint_eq(read->n_scopes, bt_mask_count(key.mask));
        ck_assert_uint_eq(read->n_high_risk_scopes, bt_mask_count(key.mask & key.high_risk));
        ck_assert_uint_eq(bitting__v1__key__pack(read, theirs), out.size);
        ck_assert_mem_eq(ours, theirs, out.size);
        bitting__v1__key__free_unpacked(read, NULL);
    }
}
END_TEST

START_TEST(what_does_not_fit_is_written_in_part_without_a_word) {
    uint8_t block[64];
    for (size_t capacity = 0; capacity < 40; capacity++) {
        bt_out out = bt_out_into(block, capacity);
        memset(block, 0xEE, sizeof block);
        bt_out_bytes(&out, 1, BT_LITERAL("0123456789"));
        bt_out_uint(&out, 2, UINT64_MAX);
        bt_out_time(&out, 3, 1);
        for (size_t i = capacity; i < sizeof block; i++) ck_assert_uint_eq(block[i], 0xEE);
        ck_assert(out.full || capacity > 20);
    }
}
END_TEST

/* A message in a message in a message: as if each had been written by itself. */
static void nest(size_t size, bt_out *in_place, bt_out *apart) {
    static uint8_t text[40000], blocks[2][50000];
    size_t first = bt_out_begin(in_place, 1), second = bt_out_begin(in_place, 31);
    bt_out_uint(in_place, 3, size);
    bt_out_bytes(in_place, 4, bt_bytes_of(text, size));
    bt_out_end(in_place, second);
    bt_out_end(in_place, first);
    bt_out inner = bt_out_into(blocks[0], sizeof blocks[0]);
    bt_out outer = bt_out_into(blocks[1], sizeof blocks[1]);
    bt_out_uint(&inner, 3, size);
    bt_out_bytes(&inner, 4, bt_bytes_of(text, size));
    bt_out_item(&outer, 31, bt_out_written(&inner));
    bt_out_item(apart, 1, bt_out_written(&outer));
}

START_TEST(a_message_in_a_message_has_another_length_than_it_says) {
    static uint8_t ours[60000], theirs[60000];
    static const size_t sizes[] = {0,   1,   100, 121,   122,   123,   124,   125,
                                   126, 127, 128, 16300, 16376, 16380, 16384, 40000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bt_out in_place = bt_out_into(ours, sizeof ours),
               apart = bt_out_into(theirs, sizeof theirs);
        nest(sizes[i], &in_place, &apart);
        ck_assert(!in_place.full);
        ck_assert_uint_eq(in_place.size, apart.size);
        ck_assert_mem_eq(ours, theirs, apart.size);
    }
    for (size_t capacity = 0; capacity < 400; capacity++) {
        bt_out in_place = bt_out_into(ours, capacity), apart = bt_out_into(theirs, sizeof theirs);
        memset(ours, 0xEE, sizeof ours);
        nest(200, &in_place, &apart);
        for (size_t at = capacity; at < 500; at++) ck_assert_uint_eq(ours[at], 0xEE);
        ck_assert(in_place.full || in_place.size == apart.size);
    }
}
END_TEST

UNIT_MAIN("wire", a_message_in_a_message_has_another_length_than_it_says,
          a_check_request_is_read_otherwise_than_it_was_written,
          a_create_request_is_read_otherwise_than_it_was_written,
          a_key_is_written_otherwise_than_protobuf_c_writes_it,
          what_does_not_fit_is_written_in_part_without_a_word)
