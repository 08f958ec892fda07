#ifndef BT_TESTS_CATALOGUE_APPLY_H
#define BT_TESTS_CATALOGUE_APPLY_H

#include "base/err.h"
#include "scope/catalogue.h"

/* Applies the text of a file as `scope apply` does; granted as in bt_catalogue_revise. */
bt_err apply_bytes(const bt_catalogue *present, uint64_t granted, bt_bytes file,
                   bt_catalogue *ret_next, bt_fault *fault);

/* Fails the test where the file is refused. The catalogue becomes what the file makes of it. */
void apply_text(bt_catalogue *catalogue, const char *file);

/* A catalogue as a file; the caller frees it. */
char *text_of(const bt_catalogue *catalogue);

#endif
