/* A catalogue file, read and found well-formed, before it is held against the catalogue that there is.
 *
 *     categories:
 *       billing:
 *         title: Billing
 *         bits: 0-15
 *         scopes:
 *           read: {title: Read invoices, bit: 0}
 *           refund: {title: Refund payments, high_risk: true}
 *     presets:
 *       support: {scopes: [billing.read], kind: backend, expires_in: 90d}
 */
#ifndef BT_CATALOGUE_DRAFT_H
#define BT_CATALOGUE_DRAFT_H

#include "base/arena.h"
#include "base/err.h"
#include "key/kind.h"
#include "key/label.h"
#include "key/narrow.h"
#include "scope/catalogue.h"
#include "yaml/yaml.h"

#define BT_CATALOGUE_FILE_MAX ((size_t)256 << 10)

typedef enum bt_retired {
    BT_RETIRED_UNSAID,
    BT_RETIRED_YES,
    BT_RETIRED_NO, /* written out: a retired scope comes back */
} bt_retired;

/* Texts are views into the arena. `node` is where it stands in the file, for faults. */
typedef struct bt_draft_scope {
    const bt_yaml *node;
    bt_bytes name; /* with its category: billing.read */
    bt_bytes title, description;
    bool high_risk;
    bt_retired retired;
    int bit;                /* -1: any */
    const bt_bytes *former; /* names that it had, each with the category */
    size_t former_count;
} bt_draft_scope;

typedef struct bt_draft_category {
    const bt_yaml *node;
    bt_bytes name, title;
    bt_category window; /* its bits alone */
    bt_draft_scope *scopes;
    size_t scopes_count;
} bt_draft_category;

typedef struct bt_draft_preset {
    const bt_yaml *node;
    bt_bytes name, description;
    const bt_yaml *scopes; /* a list of names; NULL where full_access is set */
    bool full_access;
    bt_kind kind;    /* 0: any */
    int64_t life_ms; /* 0: any */
    size_t labels_count;
    bt_label labels[BT_LABELS_MAX]; /* sorted by key */
    bt_narrow narrow;               /* sorted */
} bt_draft_preset;

typedef struct bt_draft {
    const bt_yaml *node;
    bt_draft_category *categories;
    size_t categories_count;
    bt_draft_preset *presets;
    size_t presets_count;
} bt_draft;

/* Reads a file. An arena of BT_CATALOGUE_ARENA(file.size) is enough; it must outlive the draft, and the file need
 * not. BT_ERR_INVALID, and BT_ERR_EXHAUSTED where the file is too large; the fault says "line N, column N: ..." and
 * what would be right. */
#define BT_CATALOGUE_ARENA(size) (BT_YAML_ARENA(size) + ((size_t)1 << 20))
bt_err bt_draft_read(bt_bytes file, bt_arena *arena, bt_draft *ret_draft, bt_fault *fault);

#endif
