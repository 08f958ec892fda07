/* Random files one after the other, held against a simple model. BITTING_SEED replays; BITTING_STEPS is how many. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "apply.h"
#include "model.h"
#include "unit.h"

static uint64_t state; /* xorshift64*; https://en.wikipedia.org/wiki/Xorshift */

static unsigned chance(unsigned of) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(2685821657736338717)) >> 33) % of;
}

/* The file that says what there is, some of the retired left out. */
static void describe(const model_state *model, model_file *file) {
    *file = (model_file){0};
    for (int bit = 0; bit < 13; bit++) {
        const model_thing *thing = &model->by_bit[bit];
        if (!thing->exists || (thing->retired && chance(2))) continue;
        file->entries[file->count++] = (model_entry){
            .category = thing->category,
            .action = thing->action,
            .bit = chance(3) ? -1 : bit,
            .said = thing->retired ? SAID_RETIRED : UNSAID,
        };
    }
}

static void change_entry(model_entry *entry) {
    switch (chance(6)) {
    case 0: /* renamed, mostly with the word that says so */
        if (chance(4)) entry->had[entry->action] = true;
        entry->action = (int)chance(MODEL_ACTIONS);
        break;
    case 1:
        entry->had[chance(MODEL_ACTIONS)] = true;
        break;
    case 2:
        entry->bit = (int)chance(14) - 1;
        break;
    default:
        entry->said = (model_said)chance(3);
    }
}

static void drop_entry(model_file *file, size_t at) {
    file->count--;
    file->entries[at] = file->entries[file->count];
}

static void change_file(model_file *file) {
    for (unsigned changes = chance(4); changes; changes--) {
        unsigned at = chance((unsigned)file->count + 1);
        if (chance(3) == 0 && file->count < MODEL_ENTRIES_MAX)
            file->entries[file->count++] = (model_entry){
                .category = (int)chance(2), .action = (int)chance(MODEL_ACTIONS), .bit = -1};
        else if (file->count && chance(8) == 0)
            drop_entry(file, at % file->count);
        else if (file->count)
            change_entry(&file->entries[at % file->count]);
    }
}

static size_t put_entry(const model_entry *entry, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "      x%d: {", entry->action);
    if (entry->bit >= 0)
        used += (size_t)snprintf(text + used, size - used, "bit: %d, ", entry->bit);
    if (entry->said)
        used += (size_t)snprintf(text + used, size - used, "retired: %s, ",
                                 entry->said == SAID_RETIRED ? "true" : "false");
    used += (size_t)snprintf(text + used, size - used, "renamed_from: [");
    for (int action = 0; action < MODEL_ACTIONS; action++)
        if (entry->had[action]) used += (size_t)snprintf(text + used, size - used, "x%d, ", action);
    return used + (size_t)snprintf(text + used, size - used, "]}\n");
}

static void print(const model_file *file, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "categories:\n");
    for (int category = 0; category < MODEL_CATEGORIES; category++) {
        used += (size_t)snprintf(text + used, size - used, "  %s:\n    bits: %d-%d\n    scopes:\n",
                                 model_windows[category].name, model_windows[category].first,
                                 model_windows[category].last);
        for (size_t i = 0; i < file->count; i++)
            if (file->entries[i].category == category)
                used += put_entry(&file->entries[i], text + used, size - used);
    }
}

static void expect_same(const model_state *model, const bt_catalogue *catalogue) {
    char name[16];
    for (int category = 0; category < MODEL_CATEGORIES; category++)
        for (int action = 0; action < MODEL_ACTIONS; action++) {
            snprintf(name, sizeof name, "%s.x%d", model_windows[category].name, action);
            ck_assert_int_eq(bt_catalogue_find(catalogue, bt_bytes_text(name)),
                             model_find(model, category, action));
        }
    for (unsigned bit = 0; bit < 13; bit++) {
        const model_thing *thing = &model->by_bit[bit];
        bool live = catalogue->live & bt_mask_bit(bit),
             retired = catalogue->retired & bt_mask_bit(bit);
        ck_assert_int_eq(live, thing->exists && !thing->retired);
        ck_assert_int_eq(retired, thing->exists && thing->retired);
    }
}

/* No name that ever had a bit has another, and no bit is of two scopes, whatever the model says. */
static void expect_stable(const bt_catalogue *before, const bt_catalogue *after) {
    for (int bit = 0; bit < (int)BT_MASK_BITS; bit++)
        if (before->scopes[bit].name[0])
            ck_assert_int_eq(bt_catalogue_find(after, bt_bytes_text(before->scopes[bit].name)),
                             bit);
    for (size_t i = 0; i < before->former_count; i++)
        ck_assert_int_eq(bt_catalogue_find(after, bt_bytes_text(before->former[i].name)),
                         before->former[i].bit);
}

static bool step(model_state *model, bt_catalogue *catalogue) {
    static char text[65536];
    model_file file;
    bt_catalogue next;
    bt_fault fault = {0};
    describe(model, &file);
    change_file(&file);
    print(&file, text, sizeof text);
    bool applied = model_apply(model, &file);
    bt_err err = apply_bytes(catalogue, 0, bt_bytes_text(text), &next, &fault);
    ck_assert_msg(applied == !err, "the model says %s, and the catalogue: %s, of\n%s",
                  applied ? "yes" : "no", err ? fault.text : "yes", text);
    if (err) return false;
    expect_stable(catalogue, &next);
    *catalogue = next;
    expect_same(model, catalogue);
    return true;
}

/* A walk ends when every bit and every name has been used up, so there are many. */
static unsigned walk(unsigned steps, unsigned *refused) {
    static bt_catalogue catalogue;
    model_state model = {0};
    unsigned taken = 0;
    bt_catalogue_default(&catalogue);
    apply_text(&catalogue, "categories: {a: {bits: 0-7}, b: {bits: 8-12}}");
    for (unsigned i = 0; i < steps; i++) {
        bool applied = step(&model, &catalogue);
        taken += applied;
        *refused += !applied;
    }
    return taken;
}

START_TEST(a_name_moves_to_another_bit) {
    const char *seed = getenv("BITTING_SEED"), *count = getenv("BITTING_STEPS");
    uint64_t from = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    unsigned usual = getenv("BITTING_VALGRIND") ? 500 : 20000, taken = 0, refused = 0;
    unsigned steps = count ? (unsigned)strtoul(count, NULL, 10) : usual;
    state = from * UINT64_C(0x9E3779B97F4A7C15) | 1;
    fprintf(stderr, "BITTING_SEED=%" PRIu64 "\n", from);
    while (taken + refused < steps) taken += walk(60, &refused);
    fprintf(stderr, "%u files were taken, %u were refused\n", taken, refused);
    ck_assert_uint_gt(taken, steps / 10);
    ck_assert_uint_gt(refused, steps / 10);
}
END_TEST

UNIT_MAIN("stable", a_name_moves_to_another_bit)
