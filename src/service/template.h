/* What a preset says of keys beside their scopes. A request may say more narrowly what the template says, and leave
 * out what it says; it cannot go beyond it. */
#ifndef BT_SERVICE_TEMPLATE_H
#define BT_SERVICE_TEMPLATE_H

#include "base/err.h"
#include "key/kind.h"
#include "key/label.h"
#include "key/narrow.h"
#include "scope/catalogue.h"
#include "service/expiry.h"

typedef struct bt_terms {
    bt_kind kind; /* 0: not said */
    bt_expiry_request expiry;
    bt_narrow narrow; /* views into the catalogue where the request did not say */
} bt_terms;

/* Completes what a request says of a new key; without a preset (NULL) only its kind. BT_ERR_INVALID: kind. */
bt_err bt_template_fill(const bt_catalogue *catalogue, const bt_preset *preset, bt_terms *terms,
                        bt_fault *fault);

/* Whether a key of this kind and with these bounds, good from now until expires_ms, keeps to the preset. True without
 * one. BT_ERR_INVALID, naming kind, expires_at, selectors or networks. */
bt_err bt_template_admits(const bt_catalogue *catalogue, const bt_preset *preset, bt_kind kind,
                          int64_t created_ms, int64_t expires_ms, const bt_narrow *narrow,
                          bt_fault *fault);

/* The labels of a key: those of the request, and the template's. */
typedef struct bt_template_labels {
    size_t count;
    bt_label list[BT_LABELS_MAX];
    uint8_t
        text[BT_LABELS_MAX * (BT_LABEL_KEY_MAX + BT_LABEL_VALUE_MAX + 2)]; /* of the template's */
} bt_template_labels;

/* BT_ERR_INVALID: a label is the template's with another value, or there are too many. */
bt_err bt_template_label(const bt_catalogue *catalogue, const bt_preset *preset,
                         const bt_label *asked, size_t count, bt_template_labels *ret_labels,
                         bt_fault *fault);

#endif
