#include "model.h"

int model_find(const model_state *model, int category, int action) {
    for (int bit = 0; bit < 13; bit++) {
        const model_thing *thing = &model->by_bit[bit];
        if (thing->exists && thing->category == category && thing->names[action]) return bit;
    }
    return -1;
}

static bool claims(const model_entry *entry, int category, int action) {
    return entry->category == category && (entry->action == action || entry->had[action]);
}

static bool names_are_unique(const model_file *file) {
    for (int category = 0; category < MODEL_CATEGORIES; category++) {
        for (int action = 0; action < MODEL_ACTIONS; action++) {
            int times = 0;
            for (size_t i = 0; i < file->count; i++) {
                const model_entry *entry = &file->entries[i];
                times += claims(entry, category, action);
                times += claims(entry, category, action) && entry->action == action &&
                         entry->had[action];
            }
            if (times > 1) return false;
        }
    }
    return true;
}

static bool fits(const model_file *file) {
    for (int category = 0; category < MODEL_CATEGORIES; category++) {
        int first = model_windows[category].first, last = model_windows[category].last, count = 0;
        for (size_t i = 0; i < file->count; i++) {
            const model_entry *entry = &file->entries[i];
            if (entry->category != category) continue;
            count++;
            if (entry->bit >= 0 && (entry->bit < first || entry->bit > last)) return false;
        }
        if (count > last - first + 1) return false;
    }
    return true;
}

/* The one thing that has a name which the entry claims. False where there are two, or where the name that it goes by
 * now is not among them. ret_bit is -1 where there is none. */
static bool recognize(const model_state *model, const model_entry *entry, int *ret_bit) {
    *ret_bit = -1;
    for (int action = 0; action < MODEL_ACTIONS; action++) {
        if (!claims(entry, entry->category, action)) continue;
        int bit = model_find(model, entry->category, action);
        if (bit < 0) continue;
        if (*ret_bit >= 0 && *ret_bit != bit) return false;
        *ret_bit = bit;
    }
    return *ret_bit < 0 || claims(entry, entry->category, model->by_bit[*ret_bit].action);
}

static bool put(model_state *after, const model_entry *entry, int bit) {
    model_thing *thing = &after->by_bit[bit];
    if (thing->exists && thing->retired && entry->said == UNSAID) return false;
    thing->exists = true;
    thing->retired = entry->said == SAID_RETIRED;
    thing->category = entry->category;
    thing->action = entry->action;
    thing->names[entry->action] = true;
    for (int action = 0; action < MODEL_ACTIONS; action++)
        if (entry->had[action]) thing->names[action] = true;
    return true;
}

static int free_bit(const model_state *model, int category) {
    for (int bit = model_windows[category].first; bit <= model_windows[category].last; bit++)
        if (!model->by_bit[bit].exists) return bit;
    return -1;
}

static bool add_new(const model_state *before, const model_file *file, bool fixed,
                    model_state *after) {
    for (size_t i = 0; i < file->count; i++) {
        const model_entry *entry = &file->entries[i];
        int bit;
        recognize(before, entry, &bit);
        if (bit >= 0 || fixed != (entry->bit >= 0)) continue;
        bit = fixed ? entry->bit : free_bit(after, entry->category);
        if (bit < 0 || after->by_bit[bit].exists) return false;
        put(after, entry, bit);
    }
    return true;
}

bool model_apply(model_state *model, const model_file *file) {
    model_state after = *model;
    bool seen[13] = {false};
    if (!names_are_unique(file) || !fits(file)) return false;
    for (size_t i = 0; i < file->count; i++) {
        const model_entry *entry = &file->entries[i];
        int bit;
        if (!recognize(model, entry, &bit)) return false;
        if (bit < 0) continue;
        if (entry->bit >= 0 && entry->bit != bit) return false;
        if (!put(&after, entry, bit)) return false;
        seen[bit] = true;
    }
    for (int bit = 0; bit < 13; bit++)
        if (model->by_bit[bit].exists && !model->by_bit[bit].retired && !seen[bit]) return false;
    if (!add_new(model, file, true, &after) || !add_new(model, file, false, &after)) return false;
    *model = after;
    return true;
}
