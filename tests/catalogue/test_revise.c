/* What files that are taken make of a catalogue. */
#include <stdio.h>

#include "apply.h"
#include "catalogue/diff.h"
#include "key/narrow.h"
#include "unit.h"

static bt_catalogue catalogue;

static int find(const char *name) {
    return bt_catalogue_find(&catalogue, bt_bytes_text(name));
}

static const bt_preset *preset(const char *name) {
    const bt_preset *found = bt_catalogue_preset(&catalogue, bt_bytes_text(name));
    ck_assert_ptr_nonnull(found);
    return found;
}

/* billing 0-15 with these scopes, in the file's flow style, and what follows. */
static void apply_billing(const char *scopes, const char *rest) {
    char file[8192];
    snprintf(file, sizeof file, "categories:\n  billing: {bits: 0-15, scopes: {%s}}\n%s", scopes,
             rest);
    apply_text(&catalogue, file);
}

START_TEST(the_first_file_keeps_more_of_the_shipped_catalogue_than_keys_hold) {
    bt_catalogue_default(&catalogue);
    apply_billing("read: {bit: 4}, pay: ", "");
    ck_assert_int_eq(find("billing.read"), 4);
    ck_assert_int_eq(find("billing.pay"), 0);
    ck_assert_int_eq(find("users.read"), -1);
    ck_assert_int_eq(find("apikeys.read"), 48);
    ck_assert_int_eq(find("apikeys.read_usage"), 54);
    ck_assert_uint_eq(catalogue.categories_count, 2);
    ck_assert_uint_eq(catalogue.presets_count, 1);
    ck_assert(preset("full_access")->full_access);
    ck_assert_uint_eq(catalogue.generation, BT_CATALOGUE_SHIPPED + 1);
    ck_assert_uint_eq(catalogue.live, UINT64_C(0x7F) << 48 | 0x11);
}
END_TEST

START_TEST(the_first_file_takes_a_bit_from_a_key_that_holds_it) {
    static const char replacing[] = "categories:\n  billing: {bits: 0-15, scopes: {read: }}\n";
    static const char beside[] =
        "categories:\n  billing: {bits: 32-39, scopes: {read: }}\n"
        "  users: {bits: 0-15, scopes: {read: , create: {retired: true}}}\n";
    bt_fault fault;
    bt_catalogue_default(&catalogue);
    uint64_t granted = bt_mask_bit(0) | bt_mask_bit(1) | bt_mask_bit(50);
    ck_assert_int_eq(apply_bytes(&catalogue, granted, bt_bytes_text(replacing), &catalogue, &fault),
                     BT_ERR_INVALID);
    ck_assert_str_eq(fault.text, "line 2, column 13: `bits` of category `billing` overlap those of "
                                 "`users`, which are 0-15");
    ck_assert_int_eq(apply_bytes(&catalogue, granted, bt_bytes_text(beside), &catalogue, &fault),
                     BT_OK);
    ck_assert_int_eq(find("users.read"), 0);
    ck_assert_int_eq(find("users.create"), 1);
    ck_assert_uint_eq(catalogue.retired, 2);
    ck_assert_int_eq(find("users.update"), -1);
    ck_assert_int_eq(find("billing.read"), 32);
}
END_TEST

START_TEST(a_bit_is_used_twice) {
    bt_catalogue_default(&catalogue);
    apply_billing("a: , b: , c: ", "");
    apply_billing("a: , b: {retired: true}, c: ", "");
    apply_billing("d: , c: , a: ", "");
    ck_assert_int_eq(find("billing.b"), 1);
    ck_assert_int_eq(find("billing.d"), 3);
    ck_assert_uint_eq(catalogue.retired, 2);
    ck_assert_uint_eq(catalogue.live & 0xFFFF, 0xD);
}
END_TEST

START_TEST(a_scope_that_may_have_any_bit_takes_one_that_is_asked_for) {
    bt_catalogue_default(&catalogue);
    apply_billing("any: , fixed: {bit: 0}, more: {bit: 2}, last: ", "");
    ck_assert_int_eq(find("billing.any"), 1);
    ck_assert_int_eq(find("billing.fixed"), 0);
    ck_assert_int_eq(find("billing.more"), 2);
    ck_assert_int_eq(find("billing.last"), 3);
}
END_TEST

START_TEST(a_renamed_scope_loses_its_bit_or_a_name) {
    bt_catalogue_default(&catalogue);
    apply_billing("view: {title: See}, pay: ", "");
    apply_billing("read: {renamed_from: view}, pay: ", "");
    ck_assert_int_eq(find("billing.read"), 0);
    ck_assert_int_eq(find("billing.view"), 0);
    ck_assert_str_eq(catalogue.scopes[0].name, "billing.read");
    ck_assert_uint_eq(catalogue.live & 0xFFFF, 3);
    bt_catalogue before = catalogue;
    apply_billing("read: {renamed_from: view}, pay: ", "");
    bt_diff diff;
    bt_catalogue_diff(&before, &catalogue, &diff);
    ck_assert_uint_eq(diff.count, 0);
    apply_billing("get: {renamed_from: read}, pay: ", "");
    ck_assert_int_eq(find("billing.get"), 0);
    ck_assert_int_eq(find("billing.read"), 0);
    ck_assert_int_eq(find("billing.view"), 0);
    apply_billing("view: {renamed_from: [get, read]}, pay: ", "");
    ck_assert_str_eq(catalogue.scopes[0].name, "billing.view");
    ck_assert_int_eq(find("billing.get"), 0);
    ck_assert_uint_eq(catalogue.former_count, 2);
}
END_TEST

START_TEST(a_retired_scope_comes_back_by_itself) {
    bt_catalogue_default(&catalogue);
    apply_billing("read: , pay: ", "");
    apply_billing("read: {retired: true}, pay: ", "");
    ck_assert_uint_eq(catalogue.live & 0xFFFF, 2);
    apply_billing("pay: ", "");
    ck_assert_uint_eq(catalogue.live & 0xFFFF, 2);
    ck_assert_uint_eq(catalogue.retired, 1);
    apply_billing("read: {retired: false}, pay: ", "");
    ck_assert_uint_eq(catalogue.live & 0xFFFF, 3);
}
END_TEST

START_TEST(a_category_of_retired_scopes_is_forgotten) {
    bt_catalogue_default(&catalogue);
    apply_billing("read: ",
                  "  own: {bits: 20-29, scopes: {a: {retired: true}}}\n  no: {bits: 30-31}\n");
    apply_billing("read: ", "  other: {bits: 30-31}\n");
    ck_assert_int_eq(find("own.a"), 20);
    ck_assert_ptr_nonnull(bt_catalogue_category(&catalogue, BT_LITERAL("own")));
    ck_assert_ptr_null(bt_catalogue_category(&catalogue, BT_LITERAL("no")));
    ck_assert_ptr_nonnull(bt_catalogue_category(&catalogue, BT_LITERAL("other")));
}
END_TEST

START_TEST(a_window_cannot_grow) {
    bt_catalogue_default(&catalogue);
    apply_text(&catalogue, "categories: {a: {bits: 4-5, scopes: {x: , y: }}}");
    apply_text(&catalogue, "categories: {a: {bits: 3-6, scopes: {x: , y: , z: , w: }}}");
    ck_assert_int_eq(find("a.x"), 4);
    ck_assert_int_eq(find("a.z"), 3);
    ck_assert_int_eq(find("a.w"), 6);
}
END_TEST

#define SUPPORT "presets:\n  support:\n    scopes: [billing.read]\n"

START_TEST(a_preset_keeps_its_version_when_its_meaning_changes) {
    static const char *const changed[] = {
        "presets:\n  support:\n    scopes: [billing.pay]\n",
        "presets:\n  support:\n    full_access: true\n",
        SUPPORT "    kind: personal\n",
        SUPPORT "    expires_in: 90d\n",
        SUPPORT "    labels: {team: support}\n",
        SUPPORT "    labels: {team: sales}\n",
        SUPPORT "    selectors: project:42\n",
        SUPPORT "    selectors: project:42*\n",
        SUPPORT "    networks: 192.0.2.0/24\n",
        SUPPORT "    networks: 192.0.2.0/25\n",
        SUPPORT,
    };
    bt_catalogue_default(&catalogue);
    apply_billing("read: , pay: ", SUPPORT);
    uint32_t version = preset("support")->version;
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        apply_billing("read: , pay: ", changed[i]);
        ck_assert_msg(preset("support")->version > version, "%s", changed[i]);
        version = preset("support")->version;
        apply_billing("read: , pay: {title: Pay}", changed[i]);
        ck_assert_uint_eq(preset("support")->version, version);
    }
}
END_TEST

START_TEST(a_preset_that_was_dropped_has_an_old_version_again) {
    bt_catalogue_default(&catalogue);
    apply_billing("read: , pay: ", SUPPORT);
    uint32_t version = preset("support")->version;
    apply_billing("read: , pay: ", "");
    apply_billing("read: , pay: ", SUPPORT);
    ck_assert_uint_gt(preset("support")->version, version);
}
END_TEST

START_TEST(the_order_of_what_a_preset_says_is_taken_for_its_meaning) {
    bt_catalogue_default(&catalogue);
    apply_billing("read: , pay: ",
                  "presets: {p: {scopes: [billing.read, billing.pay], labels: {a: x, b: y},\n"
                  "  selectors: [a:b, a:c], networks: [10.0.0.0/8, '::1']}}");
    uint32_t version = preset("p")->version;
    apply_billing("read: , pay: ",
                  "presets: {p: {scopes: [billing.pay, billing.read], labels: {b: y, a: x},\n"
                  "  selectors: [a:c, a:b], networks: ['::1', 10.0.0.0/8], description: Both.}}");
    ck_assert_uint_eq(preset("p")->version, version);
}
END_TEST

START_TEST(a_template_is_read_otherwise_than_it_was_written) {
    bt_catalogue_default(&catalogue);
    apply_billing("read: , pay: ", "presets:\n"
                                   "  other: {scopes: [], labels: {z: z}, networks: 10.0.0.0/8}\n"
                                   "  p:\n"
                                   "    scopes: [billing.pay, apikeys.validate]\n"
                                   "    kind: org\n"
                                   "    expires_in: 12h\n"
                                   "    labels: {team: '', cost/center: \"4 2\"}\n"
                                   "    selectors: [project:42, 'dataset:eu/*']\n"
                                   "    networks: 2001:db8::/32\n");
    const bt_preset *p = preset("p");
    ck_assert_uint_eq(p->mask, bt_mask_bit(1) | bt_mask_bit(52));
    ck_assert_uint_eq(p->kind, 3);
    ck_assert_int_eq(p->life_ms, 12 * 3600 * 1000);
    bt_bytes labels = bt_catalogue_template(&catalogue, p->labels), key, value;
    ck_assert(bt_label_next(&labels, &key, &value));
    ck_assert(bt_bytes_equal(key, BT_LITERAL("cost/center")));
    ck_assert(bt_bytes_equal(value, BT_LITERAL("4 2")));
    ck_assert(bt_label_next(&labels, &key, &value));
    ck_assert(bt_bytes_equal(key, BT_LITERAL("team")));
    ck_assert_uint_eq(value.size, 0);
    ck_assert(!bt_label_next(&labels, &key, &value));
    bt_bytes narrow = bt_catalogue_template(&catalogue, p->narrow);
    ck_assert(bt_narrow_allows_resource(narrow, BT_LITERAL("dataset:eu/1")));
    ck_assert(!bt_narrow_allows_resource(narrow, BT_LITERAL("project:43")));
}
END_TEST

START_TEST(templates_have_no_limit) {
    static char file[65536];
    size_t used = (size_t)snprintf(file, sizeof file, "categories: {}\npresets:\n");
    for (int p = 0; p < 3; p++) {
        used += (size_t)snprintf(file + used, sizeof file - used,
                                 "  p%d:\n    scopes: []\n    selectors:\n", p);
        for (int i = 0; i < 64; i++)
            used += (size_t)snprintf(file + used, sizeof file - used, "      - p:%0100d\n", i);
    }
    bt_catalogue_default(&catalogue);
    bt_fault fault;
    ck_assert_int_eq(apply_bytes(&catalogue, 0, bt_bytes_text(file), &catalogue, &fault),
                     BT_ERR_INVALID);
    ck_assert_str_eq(fault.text,
                     "line 137, column 3: labels, selectors and networks of all presets "
                     "take more than 16384 bytes");
}
END_TEST

UNIT_MAIN("revise", the_first_file_keeps_more_of_the_shipped_catalogue_than_keys_hold,
          the_first_file_takes_a_bit_from_a_key_that_holds_it, a_bit_is_used_twice,
          a_scope_that_may_have_any_bit_takes_one_that_is_asked_for,
          a_renamed_scope_loses_its_bit_or_a_name, a_retired_scope_comes_back_by_itself,
          a_category_of_retired_scopes_is_forgotten, a_window_cannot_grow,
          a_preset_keeps_its_version_when_its_meaning_changes,
          a_preset_that_was_dropped_has_an_old_version_again,
          the_order_of_what_a_preset_says_is_taken_for_its_meaning,
          a_template_is_read_otherwise_than_it_was_written, templates_have_no_limit)
