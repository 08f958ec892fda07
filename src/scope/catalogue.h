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
#define BT_FORMER_NAMES_MAX 64u
#define BT_TEMPLATES_MAX 16384u /* bytes of what all presets' templates say together */

typedef struct bt_scope {
    char name[BT_SCOPE_NAME_MAX + 1]; /* empty: the bit is not assigned */
    char title[BT_TITLE_MAX + 1];
    char description[BT_DESCRIPTION_MAX + 1];
    uint8_t category; /* index into categories */
    bool high_risk;
    bool retired; /* keeps its bit and its name, is held by nobody */
} bt_scope;

/* A name that a scope had before it was renamed. It stays that scope's for ever, and finds it. */
typedef struct bt_former_name {
    char name[BT_SCOPE_NAME_MAX + 1];
    uint8_t bit;
} bt_former_name;

/* A fixed window of bits. Windows do not overlap. */
typedef struct bt_category {
    char name[BT_CATEGORY_NAME_MAX + 1];
    char title[BT_TITLE_MAX + 1];
    uint8_t first_bit;
    uint8_t bits;
} bt_category;

/* A run of bytes in a catalogue's `templates`. */
typedef struct bt_template_part {
    uint16_t at;
    uint16_t size;
} bt_template_part;

/* What a key gets that is made from it. All but the name and description is its meaning. */
typedef struct bt_preset {
    char name[BT_PRESET_NAME_MAX + 1];
    char description[BT_DESCRIPTION_MAX + 1];
    uint64_t mask;
    bool full_access;
    uint8_t kind;            /* bt_kind of key/kind.h; 0: as the request says */
    int64_t life_ms;         /* the longest, from creation on; 0: as the request says */
    bt_template_part labels; /* see bt_label_next; sorted by key */
    bt_template_part narrow; /* networks and selectors: a row of key/narrow.h; size 0: none */
    uint32_t version;        /* the generation of the catalogue that gave it its meaning */
} bt_preset;

typedef struct bt_catalogue {
    uint64_t generation; /* of the store it was read from: BT_CATALOGUE_SHIPPED until changed */
    uint64_t live;       /* assigned and not retired */
    uint64_t retired;
    uint64_t high_risk;
    size_t categories_count;
    size_t presets_count;
    size_t former_count;
    size_t templates_size;
    bt_scope scopes[BT_MASK_BITS]; /* by bit */
    bt_category categories[BT_CATEGORIES_MAX];
    bt_preset presets[BT_PRESETS_MAX];
    bt_former_name former[BT_FORMER_NAMES_MAX];
    uint8_t templates[BT_TEMPLATES_MAX];
    uint8_t index[256]; /* names to bits; see bt_catalogue_seal */
} bt_catalogue;

/* The generation of a new store's catalogue: what nobody has chosen yet. */
#define BT_CATALOGUE_SHIPPED 1u

/* The catalogue of a new store, of generation BT_CATALOGUE_SHIPPED. */
void bt_catalogue_default(bt_catalogue *ret_catalogue);

/* To be called once the scopes are filled in: derives live, retired, high_risk and the index. */
void bt_catalogue_seal(bt_catalogue *catalogue);

/* The bit of a name (exact, case-sensitive), of retired scopes and by former names too; -1 where
 * there is none. */
int bt_catalogue_find(const bt_catalogue *catalogue, bt_bytes name);

/* NULL where there is none. */
const bt_preset *bt_catalogue_preset(const bt_catalogue *catalogue, bt_bytes name);
const bt_category *bt_catalogue_category(const bt_catalogue *catalogue, bt_bytes name);

/* The bytes of a part of a preset's template. */
bt_bytes bt_catalogue_template(const bt_catalogue *catalogue, bt_template_part part);

/* A preset's labels are pairs of texts that each end in a NUL. Takes the first pair off; false, and
 * nothing is changed, at the end. */
bool bt_label_next(bt_bytes *labels, bt_bytes *ret_key, bt_bytes *ret_value);

/* The bits that a category owns. */
uint64_t bt_category_window(const bt_category *category);

/* "selected/total" of a category: live scopes of the window in the mask, and live scopes in all. */
unsigned bt_category_selected(const bt_catalogue *catalogue, const bt_category *category,
                              uint64_t mask);
unsigned bt_category_total(const bt_catalogue *catalogue, const bt_category *category);

/* The window of bitting's own scopes: the same in every catalogue. */
#define BT_CATEGORY_APIKEYS "apikeys"
#define BT_APIKEYS_WINDOW (UINT64_C(0xFF) << 48)
/* The preset that is in every catalogue. */
#define BT_PRESET_FULL_ACCESS "full_access"
extern const bt_preset bt_preset_full_access;

#define BT_SCOPE_APIKEYS_READ 48u
#define BT_SCOPE_APIKEYS_CREATE 49u
#define BT_SCOPE_APIKEYS_UPDATE 50u
#define BT_SCOPE_APIKEYS_REVOKE 51u
#define BT_SCOPE_APIKEYS_VALIDATE 52u
#define BT_SCOPE_APIKEYS_IMPORT 53u
#define BT_SCOPE_APIKEYS_READ_USAGE 54u

#endif
