#include "cli/suggest.h"

#define WORD_MAX 48u
#define NEAR 2u

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. */
static unsigned distance(bt_bytes a, bt_bytes b) {
    unsigned row[WORD_MAX + 1];
    for (unsigned j = 0; j <= b.size; j++) row[j] = j;
    for (unsigned i = 1; i <= a.size; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            unsigned replaced = diagonal + (a.data[i - 1] != b.data[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.size];
}

void bt_suggest(bt_suggestion *best, bt_bytes given, const char *candidate) {
    bt_bytes other = bt_bytes_text(candidate);
    if (given.size < 2 || given.size > WORD_MAX || other.size > WORD_MAX) return;
    unsigned far = distance(given, other);
    bool begins = bt_bytes_starts_with(given, other) || bt_bytes_starts_with(other, given);
    if (far > NEAR && !begins) return;
    if (best->text && best->distance <= far) return;
    *best = (bt_suggestion){candidate, far};
}
