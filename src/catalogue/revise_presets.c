#include "catalogue/revision.h"

static bt_err add_template(bt_revision *revision, const bt_draft_preset *from, bt_bytes part,
                           bt_template_part *ret_part) {
    bt_catalogue *next = revision->next;
    if (part.size > sizeof next->templates - next->templates_size)
        return bt_yaml_fail(from->node, revision->fault,
                            "labels, selectors and networks of all presets take more than %u bytes",
                            BT_TEMPLATES_MAX);
    *ret_part = (bt_template_part){(uint16_t)next->templates_size, (uint16_t)part.size};
    if (part.size) memcpy(next->templates + next->templates_size, part.data, part.size);
    next->templates_size += part.size;
    return BT_OK;
}

static bt_err put_labels(bt_revision *revision, const bt_draft_preset *from, bt_preset *preset) {
    uint8_t text[BT_LABELS_MAX * (BT_LABEL_KEY_MAX + BT_LABEL_VALUE_MAX + 2)];
    size_t size = 0;
    for (size_t i = 0; i < from->labels_count; i++) {
        const bt_bytes pair[] = {from->labels[i].key, from->labels[i].value};
        for (size_t p = 0; p < 2; p++) {
            if (pair[p].size) memcpy(text + size, pair[p].data, pair[p].size);
            size += pair[p].size;
            text[size++] = '\0';
        }
    }
    return add_template(revision, from, bt_bytes_of(text, size), &preset->labels);
}

static bt_err put_narrow(bt_revision *revision, const bt_draft_preset *from, bt_preset *preset) {
    uint8_t row[BT_NARROW_MAX];
    size_t size = 0;
    if (from->narrow.networks_count || from->narrow.selectors_count)
        size = bt_narrow_encode(&from->narrow, row);
    return add_template(revision, from, bt_bytes_of(row, size), &preset->narrow);
}

static bt_err add_scope(bt_revision *revision, const bt_yaml *item, bt_preset *preset) {
    const bt_catalogue *next = revision->next;
    bt_bytes name = item->text;
    if (item->type != BT_YAML_TEXT)
        return bt_yaml_fail(item, revision->fault, "the name of a scope is a text");
    int bit = bt_catalogue_find(next, name);
    if (bit < 0)
        return bt_yaml_fail(item, revision->fault, "there is no scope `%.*s`", BT_BYTES_ARG(name));
    if (!bt_bytes_equal(bt_bytes_text(next->scopes[bit].name), name))
        return bt_yaml_fail(item, revision->fault, "the scope `%.*s` is called `%s` now",
                            BT_BYTES_ARG(name), next->scopes[bit].name);
    if (next->scopes[bit].retired)
        return bt_yaml_fail(item, revision->fault, "the scope `%.*s` is retired",
                            BT_BYTES_ARG(name));
    if (preset->mask & bt_mask_bit((unsigned)bit))
        return bt_yaml_fail(item, revision->fault, "`%.*s` is here twice", BT_BYTES_ARG(name));
    preset->mask |= bt_mask_bit((unsigned)bit);
    return BT_OK;
}

static bool part_equal(const bt_catalogue *a, bt_template_part part_a, const bt_catalogue *b,
                       bt_template_part part_b) {
    return bt_bytes_equal(bt_catalogue_template(a, part_a), bt_catalogue_template(b, part_b));
}

static bool means_the_same(const bt_catalogue *a, const bt_preset *preset_a, const bt_catalogue *b,
                           const bt_preset *preset_b) {
    return preset_a->mask == preset_b->mask && preset_a->full_access == preset_b->full_access &&
           preset_a->kind == preset_b->kind && preset_a->life_ms == preset_b->life_ms &&
           part_equal(a, preset_a->labels, b, preset_b->labels) &&
           part_equal(a, preset_a->narrow, b, preset_b->narrow);
}

/* Generations only go up, so a preset that is dropped and comes back is not taken for what it was. */
static uint32_t version_of(const bt_revision *revision, const bt_preset *preset) {
    const bt_preset *before = bt_catalogue_preset(revision->present, bt_bytes_text(preset->name));
    if (before && means_the_same(revision->present, before, revision->next, preset))
        return before->version;
    return (uint32_t)revision->next->generation;
}

static bt_err put_preset(bt_revision *revision, const bt_draft_preset *from) {
    bt_preset preset = {
        .full_access = from->full_access, .kind = (uint8_t)from->kind, .life_ms = from->life_ms};
    bt_bytes_copy_text(from->name, preset.name, sizeof preset.name);
    bt_bytes_copy_text(from->description, preset.description, sizeof preset.description);
    if (from->scopes)
        for (const bt_yaml *item = from->scopes->first; item; item = item->next)
            BT_TRY(add_scope(revision, item, &preset));
    BT_TRY(put_labels(revision, from, &preset));
    BT_TRY(put_narrow(revision, from, &preset));
    preset.version = version_of(revision, &preset);
    revision->next->presets[revision->next->presets_count++] = preset;
    return BT_OK;
}

bt_err bt_revise_presets(bt_revision *revision) {
    bt_catalogue *next = revision->next;
    for (size_t i = 0; i < revision->draft->presets_count; i++)
        BT_TRY(put_preset(revision, &revision->draft->presets[i]));
    next->presets[next->presets_count++] = bt_preset_full_access;
    return BT_OK;
}
