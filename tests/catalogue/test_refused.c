/* Files that are refused, each with the place and the reason that are said. */
#include <stdio.h>

#include "apply.h"
#include "unit.h"

/* What is there before: billing.read (0, formerly billing.view), billing.refund (1, retired), billing.pay (2). */
static const char present_file[] = "categories:\n"
                                   "  billing:\n"
                                   "    bits: 0-15\n"
                                   "    scopes:\n"
                                   "      read: {renamed_from: view}\n"
                                   "      refund: {retired: true}\n"
                                   "      pay:\n"
                                   "  reports:\n"
                                   "    bits: 20-22\n"
                                   "    scopes: {see: , make: }\n";

#define BILLING                                                                                    \
    "categories:\n"                                                                                \
    "  billing:\n"                                                                                 \
    "    bits: 0-15\n"                                                                             \
    "    scopes:\n"                                                                                \
    "      read:\n"                                                                                \
    "      pay:\n"
#define REPORTS                                                                                    \
    "  reports:\n"                                                                                 \
    "    bits: 20-22\n"                                                                            \
    "    scopes: {see: , make: }\n"
/* Ten lines that change nothing: what follows begins in line 10. */
#define WHOLE BILLING REPORTS
#define PRESET WHOLE "presets:\n  p:\n"

static const struct {
    const char *file;
    const char *fault;
} refused[] = {
    /* What is no YAML, or not the plain part of it. */
    {"", "line 1, column 1: the file is empty"},
    {"# nothing\n", "line 2, column 1: the file is empty"},
    {"categories: [", "line 2, column 1: did not find expected node content"},
    {"categories:\n\tbilling:\n", "line 2, column 1: found character that cannot start any token"},
    {"categories: {a: 1, a: 2}", "line 1, column 20: `a` is here twice (line 1)"},
    {"categories: &a {}", "line 1, column 13: anchors and tags are not taken"},
    {"categories: &a [*a]", "line 1, column 13: anchors and tags are not taken"},
    {"categories: *a", "line 1, column 13: aliases (`*name`) are not taken"},
    {"categories: !!map {}", "line 1, column 13: anchors and tags are not taken"},
    {"categories: {<<: {}}", "line 1, column 14: `<<` is not taken"},
    {"categories: {}\n---\ncategories: {}\n", "line 2, column 1: a second document"},
    {"categories:\n  \"a\\0b\": {}\n",
     "line 2, column 3: a line break or control character in a text"},
    {"categories:\n  \"\xC3\x28\": {}\n", "line 2, column 5: invalid trailing UTF-8 octet"},
    {"{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: }}}}}}}}}}}}}}}}}}",
     "line 1, column 69: nested too deeply"},
    /* What is no catalogue. */
    {"[]", "line 1, column 1: a catalogue is written as `field: value` lines"},
    {"presets: {}", "line 1, column 1: there are no `categories` in this file"},
    {WHOLE "scopes: {}",
     "line 10, column 1: `scopes` is not a field of a catalogue; the fields are "
     "categories, presets"},
    {"categories: []", "line 1, column 1: `categories` is written as `name:` lines"},
    {"categories: {Billing: {bits: 0-1}}", "line 1, column 14: `Billing` is no name of a category"},
    {"categories: {a23456789_123456: {bits: 0-1}}",
     "line 1, column 14: `a23456789_123456` is no name"},
    {"categories: {a: 7}", "line 1, column 14: a category is written as `field: value` lines"},
    {"categories: {a: {title: x}}", "line 1, column 14: category `a` has no `bits`"},
    {"categories: {a: {bits: 15}}", "line 1, column 18: `bits` is the first and the last bit"},
    {"categories: {a: {bits: 9-3}}", "line 1, column 18: `bits` is the first and the last bit"},
    {"categories: {a: {bits: 0-999}}", "line 1, column 18: `bits` is the first and the last bit"},
    {"categories: {a: {bits: 0-1 }, b: {bits: [1]}}", "line 1, column 35: bits is a text"},
    {"categories: {a: {bits: 56-63}}",
     "line 1, column 18: `bits` reaches to 63; bits are 0 to 62, and bit 63 is never assigned"},
    {"categories: {apikeys: {bits: 48-55}}",
     "line 1, column 14: category `apikeys` is bitting's own, and built in: leave it out"},
    {WHOLE "  own:\n    bits: 50-51\n",
     "line 11, column 5: `bits` of category `own` overlap those of `apikeys`, which are 48-55"},
    {WHOLE "  own:\n    bits: 22-23\n",
     "line 11, column 5: `bits` of category `own` overlap those of `reports`, which are 20-22"},
    {WHOLE "  own: {bits: 30-33, title: ''}\n", "line 10, column 22: title is empty"},
    {WHOLE "  own: {bits: 30-33, title: "
           "a2345678901234567890123456789012345678901234567890123456789012345 }\n",
     "line 10, column 22: title is longer than 64 bytes"},
    /* Scopes. */
    {WHOLE "  own:\n    bits: 30-33\n    scopes: [read]\n",
     "line 12, column 5: `scopes` is written as `name: {title: ...}` lines"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      own.read:\n",
     "line 13, column 7: `own.read` is no name of a scope"},
    {WHOLE
     "  own:\n    bits: 30-33\n    scopes:\n      a:\n      b:\n      c:\n      d:\n      e:\n",
     "line 17, column 7: `e` is one scope more than the category's window of 4 bits holds"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      a: {bit: 29}\n",
     "line 13, column 11: bit 29 lies outside of the category's window, which is 30-33"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      a: {bit: 63}\n",
     "line 13, column 11: `bit` is 63; bits are 0 to 62, and bit 63 is never assigned"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      a: {bit: x}\n",
     "line 13, column 11: `bit` is a number from 0 to 62"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      a: {bit: 31}\n      b: {bit: 31}\n",
     "line 14, column 11: bit 31 is that of `own.a`, and is never given to another scope"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      a: {high_risk: yes}\n",
     "line 13, column 11: `high_risk` is true or false"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      a: {risk: true}\n",
     "line 13, column 11: `risk` is not a field of a scope; the fields are title, description, "
     "high_risk, bit, retired, renamed_from"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      a:\n      b: {renamed_from: a}\n",
     "line 14, column 11: `own.a` is a name of the scope in line 13, too"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      b: {renamed_from: b}\n",
     "line 13, column 11: `own.b` is a name of the scope in line 13, too"},
    {WHOLE "  own:\n    bits: 30-33\n    scopes:\n      b: {renamed_from: [c, c]}\n",
     "line 13, column 11: `own.c` is a name of the scope in line 13, too"},
    /* What would break what is for ever. */
    {BILLING, "line 1, column 1: category `reports` lacks `reports.see` (bit 20); a scope is never "
              "dropped"},
    {"categories:\n  billing:\n    bits: 0-15\n    scopes: {read: }\n" REPORTS,
     "line 2, column 3: category `billing` lacks `billing.pay` (bit 2)"},
    {"categories:\n  billing:\n    bits: 0-7\n    scopes: {read: , pay: }\n" REPORTS,
     "line 3, column 5: category `billing` has the bits 0-15 for ever"},
    {"categories:\n  billing:\n    bits: 1-16\n    scopes: {read: , pay: }\n" REPORTS,
     "line 3, column 5: category `billing` has the bits 0-15 for ever"},
    {"categories:\n  billing:\n    bits: 0-20\n    scopes: {read: , pay: }\n" REPORTS,
     "line 3, column 5: `bits` of category `billing` overlap those of `reports`, which are 20-22"},
    {"categories:\n  billing:\n    bits: 0-15\n    scopes:\n      read: {bit: 3}\n      "
     "pay:\n" REPORTS,
     "line 5, column 14: `billing.read` has bit 0 for ever, and cannot move to bit 3"},
    {"categories:\n  billing:\n    bits: 0-15\n    scopes:\n      read:\n      pay:\n      new: "
     "{bit: "
     "1}\n" REPORTS,
     "line 7, column 13: bit 1 is that of `billing.refund`, and is never given to another scope"},
    {"categories:\n  billing:\n    bits: 0-15\n    scopes:\n      view:\n      pay:\n" REPORTS,
     "line 5, column 7: bit 0 is called `billing.read` now, and `billing.view` was its name "
     "before"},
    {"categories:\n  billing:\n    bits: 0-15\n    scopes:\n      read:\n      pay:\n"
     "      new: {renamed_from: view}\n" REPORTS,
     "line 7, column 7: bit 0 is called `billing.read` now, and `billing.new` was its name before"},
    {"categories:\n  billing:\n    bits: 0-15\n    scopes:\n"
     "      read: {renamed_from: pay}\n" REPORTS,
     "line 5, column 14: `billing.pay` is another scope (bit 2): this one has bit 0"},
    {"categories:\n  billing:\n    bits: 0-15\n    scopes:\n      read:\n      pay:\n      "
     "refund:\n" REPORTS,
     "line 7, column 7: `billing.refund` is retired: write `retired: true`, or `retired: false`"},
    {BILLING
     "  reports:\n    bits: 20-22\n    scopes:\n      see:\n      make:\n      a:\n      b:\n",
     "line 13, column 7: `b` is one scope more than the category's window of 3 bits holds"},
    /* Presets. */
    {WHOLE "presets: []\n", "line 10, column 1: `presets` is written as `name:` lines"},
    {WHOLE "presets: {Support: {scopes: []}}\n",
     "line 10, column 11: `Support` is no name of a preset"},
    {WHOLE "presets: {full_access: {scopes: []}}\n",
     "line 10, column 11: preset `full_access` is built in: leave it out"},
    {PRESET "    kind: org\n", "line 11, column 3: preset `p` says neither `scopes` nor"},
    {PRESET "    scopes: []\n    full_access: true\n",
     "line 12, column 5: a preset says `scopes` or `full_access: true`, not both"},
    {PRESET "    scopes: billing.read\n", "line 12, column 5: `scopes` is a list of names"},
    {PRESET "    scopes: [billing.reed]\n", "line 12, column 14: there is no scope `billing.reed`"},
    {PRESET "    scopes: [billing.refund]\n",
     "line 12, column 14: the scope `billing.refund` is retired"},
    {PRESET "    scopes: [billing.view]\n",
     "line 12, column 14: the scope `billing.view` is called `billing.read` now"},
    {PRESET "    scopes: [billing.pay, billing.pay]\n",
     "line 12, column 27: `billing.pay` is here twice"},
    {PRESET "    scopes: [[]]\n", "line 12, column 14: the name of a scope is a text"},
    {PRESET "    scopes: []\n    kind: robot\n", "line 13, column 5: `robot` is no kind of key"},
    {PRESET "    scopes: []\n    expires_in: 0d\n",
     "line 13, column 5: `expires_in` is a whole number"},
    {PRESET "    scopes: []\n    expires_in: 1y\n",
     "line 13, column 5: `expires_in` is a whole number"},
    {PRESET "    scopes: []\n    labels: {'a b': c}\n",
     "line 13, column 14: the key of a label is"},
    {PRESET "    scopes: []\n    labels: {a: [b]}\n",
     "line 13, column 14: the value of a label is"},
    {PRESET "    scopes: []\n    selectors: []\n", "line 13, column 5: `selectors` is empty"},
    {PRESET "    scopes: []\n    selectors: ['*']\n", "line 13, column 5: `*` is no selector"},
    {PRESET "    scopes: []\n    selectors: [a:b, a:b]\n",
     "line 13, column 5: the selector `a:b` is here twice"},
    {PRESET "    scopes: []\n    networks: []\n", "line 13, column 5: `networks` is empty"},
    {PRESET "    scopes: []\n    networks: [10.0.0.0/33]\n",
     "line 13, column 5: `10.0.0.0/33` is no network"},
    {PRESET "    scopes: []\n    networks: [10.0.0.1/8]\n",
     "line 13, column 5: `10.0.0.1/8` is no network"},
    {PRESET "    scopes: []\n    networks: ['::1', '::1/128']\n",
     "line 13, column 5: a network is here twice"},
};

static bt_catalogue present, next, untouched;

static void setup_present(void) {
    bt_catalogue_default(&present);
    apply_text(&present, present_file);
}

/* Says what is otherwise; a table is gone through to its end. */
static bool is_refused(bt_bytes file, bt_err wanted, const char *text) {
    bt_fault fault = {0};
    memset(&untouched, 0x5A, sizeof untouched);
    next = untouched;
    bt_err err = apply_bytes(&present, 0, file, &next, &fault);
    ck_assert(memcmp(&next, &untouched, sizeof next) == 0);
    if (err == wanted && fault.err == wanted && strncmp(fault.text, text, strlen(text)) == 0)
        return true;
    fprintf(stderr, "%d: %s\n   wanted: %s\n   of: %.*s\n", err, err ? fault.text : "applied", text,
            (int)(file.size < 1000 ? file.size : 1000), file.data);
    return false;
}

static void expect_refused(bt_bytes file, bt_err wanted, const char *text) {
    ck_assert(is_refused(file, wanted, text));
}

START_TEST(a_bad_file_is_applied_or_its_fault_is_not_told) {
    setup_present();
    bt_fault fault;
    ck_assert_int_eq(apply_bytes(&present, 0, BT_LITERAL(WHOLE), &next, &fault), BT_OK);
    size_t right = 0, count = sizeof refused / sizeof *refused;
    for (size_t i = 0; i < count; i++)
        right += is_refused(bt_bytes_text(refused[i].file), BT_ERR_INVALID, refused[i].fault);
    ck_assert_uint_eq(right, count);
}
END_TEST

static char *repeat(const char *before, const char *part, size_t times) {
    char *text = malloc(strlen(before) + strlen(part) * times + 1);
    ck_assert_ptr_nonnull(text);
    strcpy(text, before);
    for (char *at = text + strlen(before); times--; at += strlen(part)) strcpy(at, part);
    return text;
}

START_TEST(a_huge_file_is_read) {
    setup_present();
    static const struct {
        const char *before, *part;
        size_t times;
        bt_err err;
        const char *fault;
    } huge[] = {
        {"", "#", (256 << 10) + 1, BT_ERR_EXHAUSTED,
         "the file has 262145 bytes; at most 262144 are taken"},
        {"categories: ", "[", 200000, BT_ERR_INVALID, "line 1, column 29: nested too deeply"},
        {"categories: [", "a,", 100000, BT_ERR_EXHAUSTED,
         "line 1, column 8206: the file is too large"},
        {"categories: ", "{a: ", 60000, BT_ERR_INVALID, "line 1, column 77: nested too deeply"},
    };
    size_t right = 0, count = sizeof huge / sizeof *huge;
    for (size_t i = 0; i < count; i++) {
        char *text = repeat(huge[i].before, huge[i].part, huge[i].times);
        right += is_refused(bt_bytes_text(text), huge[i].err, huge[i].fault);
        free(text);
    }
    ck_assert_uint_eq(right, count);
}
END_TEST

START_TEST(bytes_after_a_nul_are_passed_over) {
    setup_present();
    expect_refused(BT_LITERAL(WHOLE "\0presets: 7\n"), BT_ERR_INVALID,
                   "line 10, column 1: control characters are not allowed");
}
END_TEST

START_TEST(more_is_taken_than_there_is_room_for) {
    setup_present();
    char text[16384] = WHOLE "presets:\n";
    size_t used = strlen(text);
    for (int i = 0; i < 64; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "  p%d: {scopes: []}\n", i);
    expect_refused(bt_bytes_text(text), BT_ERR_INVALID,
                   "line 10, column 1: there are 64 presets; at most 63 are taken");
    strcpy(text, "categories:\n");
    used = strlen(text);
    for (int i = 0; i < 16; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "  c%d: {bits: %d-%d}\n", i, i, i);
    expect_refused(bt_bytes_text(text), BT_ERR_INVALID,
                   "line 1, column 1: there are 16 categories; at most 15 are taken");
    strcpy(text, WHOLE "  own:\n    bits: 30-33\n    scopes: {a: {renamed_from: [");
    used = strlen(text);
    for (int i = 0; i < 33; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "a%d, ", i);
    used += (size_t)snprintf(text + used, sizeof text - used, "]}, b: {renamed_from: [");
    for (int i = 0; i < 32; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "b%d, ", i);
    snprintf(text + used, sizeof text - used, "]}}\n");
    expect_refused(bt_bytes_text(text), BT_ERR_INVALID,
                   "line 12, column 192: there are more than 64 names in `renamed_from` in all");
}
END_TEST

UNIT_MAIN("refused", a_bad_file_is_applied_or_its_fault_is_not_told, a_huge_file_is_read,
          bytes_after_a_nul_are_passed_over, more_is_taken_than_there_is_room_for)
