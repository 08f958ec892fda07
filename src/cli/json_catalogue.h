/* The catalogue for programs: the objects of proto/bitting/v1/scope.proto. As cli/json.h. */
#ifndef BT_CLI_JSON_CATALOGUE_H
#define BT_CLI_JSON_CATALOGUE_H

#include "cli/json.h"

/* A bitting.v1.Category, with its retired scopes. held: what `selected` says. */
json_t *bt_json_category(const bt_catalogue *catalogue, const bt_category *category, uint64_t held);

/* A bitting.v1.Preset. */
json_t *bt_json_preset(const bt_catalogue *catalogue, const bt_preset *preset);

#endif
