#include "decide/decide.h"
#include "unit.h"

/* Bound to 192.0.2.0/24 and to resources that begin with "project:4". */
static const uint8_t narrow_row[] = {1, 1, 1,   0,   4,   24,  192, 0,   2,   0,   0,
                                     0, 0, 0,   0,   0,   0,   0,   0,   0,   0,   0,
                                     1, 9, 'p', 'r', 'o', 'j', 'e', 'c', 't', ':', '4'};

#define NOW INT64_C(1790000000000)
#define LIVE UINT64_C(0x00ff)

static bt_record good_record(void) {
    return (bt_record){.mask = 0x0103,
                       .version = BT_RECORD_VERSION,
                       .kind = BT_KIND_PERSONAL,
                       .flags = BT_RECORD_NARROW | BT_RECORD_USER,
                       .environment = 1,
                       .expires_ms = BT_NEVER_MS};
}

/* Each thing that denies, in the order in which they win. Every later one is switched on too when an earlier
 * one is tried, so a change of the order shows. */
typedef struct trial {
    bt_record record;
    bt_finding finding;
    bt_question question;
} trial;

static void break_malformed(trial *t) {
    t->finding.malformed = true;
}
static void break_unknown(trial *t) {
    t->finding.record = NULL;
}
static void break_revoked(trial *t) {
    t->record.flags |= BT_RECORD_REVOKED;
}
static void break_disabled(trial *t) {
    t->record.flags |= BT_RECORD_DISABLED;
}
static void break_expired(trial *t) {
    t->record.expires_ms = NOW;
}
static void break_not_before(trial *t) {
    t->record.not_before_ms = NOW + 1;
}
static void break_owner(trial *t) {
    t->finding.stopped = BT_STOPPED_USER;
}
static void break_kind(trial *t) {
    t->question.accepted_kinds = 1u << BT_KIND_BACKEND;
}
static void break_scope(trial *t) {
    t->question.needed = 0x4;
}

static void break_address(trial *t) {
    t->question.client.bytes[2] = 3;
}
static void break_resource(trial *t) {
    t->question.resource = BT_LITERAL("project:5");
}

static const struct {
    void (*cause)(trial *);
    bt_reason reason;
} causes[] = {
    {break_malformed, BT_REASON_MALFORMED_TOKEN},
    {break_unknown, BT_REASON_UNKNOWN_KEY},
    {break_revoked, BT_REASON_REVOKED},
    {break_disabled, BT_REASON_DISABLED},
    {break_expired, BT_REASON_EXPIRED},
    {break_not_before, BT_REASON_NOT_YET_VALID},
    {break_owner, BT_REASON_OWNER_STOPPED},
    {break_kind, BT_REASON_WRONG_KIND},
    {break_address, BT_REASON_ADDRESS_NOT_ALLOWED},
    {break_scope, BT_REASON_MISSING_SCOPE},
    {break_resource, BT_REASON_RESOURCE_NOT_GRANTED},
};
#define CAUSES (sizeof causes / sizeof *causes)

static trial new_trial(void) {
    return (trial){.record = good_record(),
                   .finding = {.live = LIVE, .narrow = bt_bytes_of(narrow_row, sizeof narrow_row)},
                   .question = {.needed = 0x3,
                                .client = {.family = BT_FAMILY_4, .bytes = {192, 0, 2, 77}},
                                .resource = BT_LITERAL("project:42"),
                                .now_ms = NOW}};
}

START_TEST(reasons_come_in_another_order) {
    for (size_t first = 0; first < CAUSES; first++) {
        for (unsigned others = 0; others < 1u << CAUSES; others++) {
            trial t = new_trial();
            t.finding.record = &t.record;
            causes[first].cause(&t);
            for (size_t i = first + 1; i < CAUSES; i++)
                if (others >> i & 1) causes[i].cause(&t);
            bt_verdict verdict = bt_decide(&t.finding, &t.question);
            ck_assert_int_eq(verdict.reason, causes[first].reason);
            if (bt_reason_is_credential(causes[first].reason))
                ck_assert_uint_eq(verdict.held | verdict.missing, 0);
        }
    }
}
END_TEST

START_TEST(nothing_wrong_is_not_allowed) {
    trial t = new_trial();
    t.finding.record = &t.record;
    bt_verdict verdict = bt_decide(&t.finding, &t.question);
    ck_assert_int_eq(verdict.reason, BT_REASON_ALLOWED);
    ck_assert_uint_eq(verdict.held, 0x3);
}
END_TEST

/* The times at the edges: good before expires_ms and from not_before_ms on. */
START_TEST(the_edges_of_time_are_off_by_one) {
    trial t = new_trial();
    t.finding.record = &t.record;
    t.record.expires_ms = NOW + 1;
    t.record.not_before_ms = NOW;
    ck_assert_int_eq(bt_decide(&t.finding, &t.question).reason, BT_REASON_ALLOWED);
}
END_TEST

START_TEST(matching_differs_from_its_definition) {
    static const uint64_t masks[] = {0, 1, 2, 3, 4, 0x100, 0x101, 0x80, 0xff, INT64_MAX};
    enum { MASKS = sizeof masks / sizeof *masks };
    for (int i = 0; i < MASKS * MASKS * 4; i++) {
        trial t = new_trial();
        t.finding.record = &t.record;
        t.record.mask = masks[i % MASKS];
        t.question.needed = masks[i / MASKS % MASKS];
        t.question.any = i / MASKS / MASKS % 2;
        bool full = i / MASKS / MASKS / 2;
        if (full) t.record.flags |= BT_RECORD_FULL_ACCESS;
        uint64_t held = (full ? LIVE : t.record.mask) & LIVE, needed = t.question.needed;
        bool allowed =
            needed == 0 || (t.question.any ? (held & needed) != 0 : (held & needed) == needed);
        bt_verdict verdict = bt_decide(&t.finding, &t.question);
        ck_assert_int_eq(verdict.reason, allowed ? BT_REASON_ALLOWED : BT_REASON_MISSING_SCOPE);
        ck_assert_uint_eq(verdict.held, held);
        ck_assert_uint_eq(verdict.missing, allowed ? 0 : needed & ~held);
    }
}
END_TEST

START_TEST(kinds_are_confused) {
    for (uint8_t kind = BT_KIND_BACKEND; kind <= BT_KIND_LAST; kind++) {
        for (uint32_t accepted = 0; accepted < 32; accepted += 2) {
            trial t = new_trial();
            t.finding.record = &t.record;
            t.record.kind = kind;
            t.question.accepted_kinds = accepted;
            bool ok = accepted == 0 || (accepted & (1u << kind));
            ck_assert_int_eq(bt_decide(&t.finding, &t.question).reason,
                             ok ? BT_REASON_ALLOWED : BT_REASON_WRONG_KIND);
        }
    }
}
END_TEST

START_TEST(an_owner_stops_the_wrong_kind_of_key) {
    for (uint8_t kind = BT_KIND_BACKEND; kind <= BT_KIND_LAST; kind++) {
        for (uint32_t stopped = 0; stopped < 8; stopped++) {
            bt_record record = good_record();
            record.kind = kind;
            bool maker = stopped & (BT_STOPPED_USER | BT_STOPPED_MEMBERSHIP);
            bool org = stopped & BT_STOPPED_ORG;
            bool owned = kind == BT_KIND_PERSONAL || kind == BT_KIND_BACKEND;
            bool stops = owned ? maker || org : kind == BT_KIND_ORG && org;
            ck_assert(bt_decide_owner_stops(&record, stopped, false) == stops);
            bool with_maker = stops || (kind == BT_KIND_ORG && maker);
            ck_assert(bt_decide_owner_stops(&record, stopped, true) == with_maker);
        }
    }
}
END_TEST

START_TEST(a_missing_layer_is_confused_with_the_other) {
    static const struct {
        uint64_t requested;
        bool any;
        uint64_t needed;
        bt_reason reason;
        bt_layer layer;
        uint64_t missing;
    } cases[] = {
        {0x3, false, 0x3, BT_REASON_ALLOWED, BT_LAYER_NONE, 0},
        {0x1, false, 0x3, BT_REASON_MISSING_SCOPE, BT_LAYER_REQUESTED, 0x2},
        {0x7, false, 0x7, BT_REASON_MISSING_SCOPE, BT_LAYER_KEY, 0x4},
        {0x0, false, 0x4, BT_REASON_MISSING_SCOPE, BT_LAYER_KEY, 0x4},
        {0x0, false, 0x1, BT_REASON_MISSING_SCOPE, BT_LAYER_REQUESTED, 0x1},
        {0x1, true, 0x3, BT_REASON_ALLOWED, BT_LAYER_NONE, 0},
        {0x4, true, 0x5, BT_REASON_MISSING_SCOPE, BT_LAYER_REQUESTED, 0x5},
        {0x4, true, 0x4, BT_REASON_MISSING_SCOPE, BT_LAYER_KEY, 0x4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        trial t = new_trial();
        t.finding.record = &t.record;
        t.question.has_requested = true;
        t.question.requested = cases[i].requested;
        t.question.any = cases[i].any;
        t.question.needed = cases[i].needed;
        bt_verdict verdict = bt_decide(&t.finding, &t.question);
        ck_assert_msg(verdict.reason == cases[i].reason, "%zu", i);
        ck_assert_msg(verdict.layer == cases[i].layer, "%zu", i);
        ck_assert_msg(verdict.missing == cases[i].missing, "%zu", i);
    }
}
END_TEST

START_TEST(a_lost_or_damaged_narrow_row_lets_in) {
    trial t = new_trial();
    t.finding.record = &t.record;
    for (size_t size = 0; size < sizeof narrow_row; size++) {
        t.finding.narrow = bt_bytes_of(narrow_row, size);
        ck_assert_int_ne(bt_decide(&t.finding, &t.question).reason, BT_REASON_ALLOWED);
    }
    t = new_trial();
    t.finding.record = &t.record;
    t.question.client.family = BT_FAMILY_UNKNOWN;
    ck_assert_int_eq(bt_decide(&t.finding, &t.question).reason, BT_REASON_ADDRESS_NOT_ALLOWED);
    t.question.client.family = BT_FAMILY_4;
    t.question.resource = (bt_bytes){0};
    ck_assert_int_eq(bt_decide(&t.finding, &t.question).reason, BT_REASON_RESOURCE_NOT_GRANTED);
    t.question.needed = 0;
    ck_assert_int_eq(bt_decide(&t.finding, &t.question).reason, BT_REASON_ALLOWED);
    t.question.acts = true;
    ck_assert_int_eq(bt_decide(&t.finding, &t.question).reason, BT_REASON_RESOURCE_NOT_GRANTED);
}
END_TEST

START_TEST(a_further_set_is_not_needed) {
    static const uint64_t sets[] = {0, 1, 2, 6, 0x100};
    enum { SETS = sizeof sets / sizeof *sets };
    for (int i = 0; i < SETS * SETS * SETS; i++) {
        trial t = new_trial();
        t.finding.record = &t.record;
        t.record.mask = 5;
        t.question.needed = sets[i % SETS];
        uint64_t also[] = {sets[i / SETS % SETS], sets[i / SETS / SETS]};
        t.question.also = also;
        t.question.also_count = 2;
        uint64_t missing = t.question.needed & ~UINT64_C(5);
        for (int n = 0; n < 2; n++)
            if (also[n] == 2 || also[n] == 0x100) missing |= also[n];
        bt_verdict verdict = bt_decide(&t.finding, &t.question);
        ck_assert_int_eq(verdict.reason, missing ? BT_REASON_MISSING_SCOPE : BT_REASON_ALLOWED);
        ck_assert_uint_eq(verdict.missing, missing);
    }
}
END_TEST

START_TEST(reasons_have_wrong_names) {
    ck_assert_str_eq(bt_reason_name(BT_REASON_ALLOWED), "ALLOWED");
    ck_assert_str_eq(bt_reason_name(BT_REASON_MISSING_SCOPE), "MISSING_SCOPE");
    ck_assert_str_eq(bt_reason_name(BT_REASON_RATE_LIMITED), "RATE_LIMITED");
    ck_assert_str_eq(bt_reason_name((bt_reason)99), "UNSPECIFIED");
    ck_assert(bt_reason_is_credential(BT_REASON_ADDRESS_NOT_ALLOWED));
    ck_assert(!bt_reason_is_credential(BT_REASON_MISSING_SCOPE));
    ck_assert(!bt_reason_is_credential(BT_REASON_ALLOWED));
}
END_TEST

UNIT_MAIN("decide", reasons_come_in_another_order, nothing_wrong_is_not_allowed,
          the_edges_of_time_are_off_by_one, matching_differs_from_its_definition,
          kinds_are_confused, an_owner_stops_the_wrong_kind_of_key,
          a_missing_layer_is_confused_with_the_other, a_lost_or_damaged_narrow_row_lets_in,
          a_further_set_is_not_needed, reasons_have_wrong_names)
