/* The presets of a catalogue file. */
#ifndef BT_CATALOGUE_DRAFT_PRESET_H
#define BT_CATALOGUE_DRAFT_PRESET_H

#include "catalogue/draft.h"

/* presets is a node of the file, or NULL. */
bt_err bt_draft_presets_read(const bt_yaml *presets, bt_arena *arena, bt_draft *draft,
                             bt_fault *fault);

/* [a-z][a-z0-9_]*, and at most max long. */
bool bt_draft_word_ok(bt_bytes word, size_t max);

#endif
