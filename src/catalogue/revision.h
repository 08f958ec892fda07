/* The parts of bt_catalogue_revise. */
#ifndef BT_CATALOGUE_REVISION_H
#define BT_CATALOGUE_REVISION_H

#include "catalogue/revise.h"

typedef struct bt_revision {
    const bt_draft *draft;
    const bt_catalogue *present;
    const bt_catalogue *base; /* of the present one, what is for ever; sealed */
    bt_catalogue *next;       /* begins as the base */
    uint64_t seen;            /* bits whose scopes the file names */
    bt_fault *fault;
} bt_revision;

/* In this order. */
bt_err bt_revise_categories(bt_revision *revision);
bt_err bt_revise_scopes(bt_revision *revision); /* seals next */
bt_err bt_revise_presets(bt_revision *revision);

#endif
