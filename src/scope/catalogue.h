/* The catalogue: the scopes that there are, their categories and the presets. A plain value of
 * fixed size, filled once and then only read, by any number of threads. */
#ifndef BT_SCOPE_CATALOGUE_H
#define BT_SCOPE_CATALOGUE_H

#include "base/bytes.h"
#include "base/err.h"
#include "scope/mask.h"

#define BT_SCOPE_NAME_MAX 48u /* category.action, [a-z][a-z0-9_]* twice */
#define BT_CATEGORY_NAME_MAX 15u
#define BT_PRESET_NAME_MAX 32u
#define BT_TITLE_MAX 64u
#define BT_DESCRIPTION_MAX 200u
#define BT_CATEGORIES_MAX 16u
#define BT_PRESETS_MAX 64u

typedef struct bt_scope {
    char name[BT_SCOPE_NAME_MAX + 1]; /* empty: the bit is not assigned */
    char title[BT_TITLE_MAX + 1];
    char description[BT_DESCRIPTION_MAX + 1];
    uint8_t category; /* index into categories */
    bool high_risk;
    bool retired; /* keeps its bit and its name, is held by nobody */
} bt_scope;

/* A fixed window of bits. Windows do not overlap. */
typedef struct bt_category {
    char name[BT_CATEGORY_NAME_MAX + 1];
    char title[BT_TITLE_MAX + 1];
    uint8_t first_bit;
    uint8_t bits;
} bt_category;

typedef struct bt_preset {
    char name[BT_PRESET_NAME_MAX + 1];
    char description[BT_DESCRIPTION_MAX + 1];
    uint64_t mask;
    bool full_access;
    uint32_t version; /* raised when its meaning changes */
} bt_preset;

typedef struct bt_catalogue {
    uint64_t generation; /* of the store it was read from; 0 for the shipped one */
    uint64_t live;       /* assigned and not retired */
    uint64_t retired;
    uint64_t high_risk;
    size_t categories_count;
    size_t presets_count;
    bt_scope scopes[BT_MASK_BITS]; /* by bit */
    bt_category categories[BT_CATEGORIES_MAX];
    bt_preset presets[BT_PRESETS_MAX];
    uint8_t index[128]; /* names to bits; see bt_catalogue_seal */
} bt_catalogue;

/* The catalogue of a new store. */
void bt_catalogue_default(bt_catalogue *ret_catalogue);

/* To be called once the scopes are filled in: derives live, retired, high_risk and the index. */
void bt_catalogue_seal(bt_catalogue *catalogue);

/* The bit of a name (exact, case-sensitive), retired ones too; -1 where there is none. */
int bt_catalogue_find(const bt_catalogue *catalogue, bt_bytes name);

/* NULL where there is none. */
const bt_preset *bt_catalogue_preset(const bt_catalogue *catalogue, bt_bytes name);
const bt_category *bt_catalogue_category(const bt_catalogue *catalogue, bt_bytes name);

/* The bits that a category owns. */
uint64_t bt_category_window(const bt_category *category);

/* "selected/total" of a category: live scopes of the window in the mask, and live scopes in all. */
unsigned bt_category_selected(const bt_catalogue *catalogue, const bt_category *category,
                              uint64_t mask);
unsigned bt_category_total(const bt_catalogue *catalogue, const bt_category *category);

/* The window of bitting's own scopes: the same in every catalogue. */
#define BT_SCOPE_APIKEYS_READ 48u
#define BT_SCOPE_APIKEYS_CREATE 49u
#define BT_SCOPE_APIKEYS_UPDATE 50u
#define BT_SCOPE_APIKEYS_REVOKE 51u
#define BT_SCOPE_APIKEYS_VALIDATE 52u
#define BT_SCOPE_APIKEYS_IMPORT 53u
#define BT_SCOPE_APIKEYS_READ_USAGE 54u

#endif
