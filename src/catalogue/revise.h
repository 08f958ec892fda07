/* What a catalogue becomes when a file is applied to it. The rules of change:
 *
 * - A scope has its bit for ever, and its names: the one it has and those it had. Renaming is said with
 *   `renamed_from`, retiring with `retired: true`, and bringing back what was retired with `retired: false`.
 * - No bit and no name is ever given to another scope. A live scope cannot be left out of the file; a retired one
 *   can, and is remembered.
 * - A category keeps its window once it has had a scope. The window can grow over free bits.
 * - Category `apikeys` and preset `full_access` are built in.
 *
 * The catalogue that a new store comes with is nobody's choice: until a file is first applied, those of its scopes
 * which no key was granted are as if they had never been. */
#ifndef BT_CATALOGUE_REVISE_H
#define BT_CATALOGUE_REVISE_H

#include "catalogue/draft.h"

/* granted: every bit that any key of the store was ever granted; looked at only where the present catalogue is the
 * shipped one. ret_next is sealed and of the next generation; it may be the present one. BT_ERR_INVALID, with line,
 * column and what would be right, and ret_next is untouched. */
bt_err bt_catalogue_revise(const bt_catalogue *present, uint64_t granted, const bt_draft *draft,
                           bt_catalogue *ret_next, bt_fault *fault);

#endif
