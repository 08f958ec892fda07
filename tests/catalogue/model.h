/* The rules of change a second time, written otherwise: scopes as things with sets of names, and no masks. For two
 * categories, a (bits 0-7) and b (bits 8-12), with actions x0 to x11. */
#ifndef BT_TESTS_CATALOGUE_MODEL_H
#define BT_TESTS_CATALOGUE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#define MODEL_CATEGORIES 2
#define MODEL_ACTIONS 12
#define MODEL_ENTRIES_MAX 32

static const struct {
    const char *name;
    int first, last;
} model_windows[MODEL_CATEGORIES] = {{"a", 0, 7}, {"b", 8, 12}};

typedef enum model_said { UNSAID, SAID_RETIRED, SAID_LIVE } model_said;

/* One line of a file. */
typedef struct model_entry {
    int category, action;
    bool had[MODEL_ACTIONS]; /* renamed_from */
    int bit;                 /* -1: any */
    model_said said;
} model_entry;

typedef struct model_file {
    size_t count;
    model_entry entries[MODEL_ENTRIES_MAX];
} model_file;

typedef struct model_thing {
    bool exists, retired;
    int category, action;
    bool names[MODEL_ACTIONS]; /* the one that it has, and those it had */
} model_thing;

typedef struct model_state {
    model_thing by_bit[13];
} model_state;

/* False, and nothing is changed, where the file breaks a rule. */
bool model_apply(model_state *model, const model_file *file);

/* -1 where there is none. */
int model_find(const model_state *model, int category, int action);

#endif
