/* Peppers of other systems: secrets that the hashes of imported keys were made with. Each is named by the schemes that
 * need it, and lies in a file that the administrator puts there: the systemd credential bitting-pepper.NAME, where
 * there is one ($CREDENTIALS_DIRECTORY, systemd.exec(5)); else DIRECTORY/peppers/NAME. None is ever in the store.
 *
 * A process reads those that its environments need when it reads the environments, so also those of schemes that were
 * added while it runs; what it could not read it tries again when the store has changed. Until then a token that might
 * be of such a scheme is an error, and not an unknown key. */
#ifndef BT_STORE_FOREIGN_PEPPERS_H
#define BT_STORE_FOREIGN_PEPPERS_H

#include "key/environment.h"
#include "store/store.h"

/* Reads the file of this name now. It lives as long as the store. ret_mark: as in bt_scheme. BT_ERR_PRECONDITION where
 * it cannot be read or others could; the text names the file. From any thread. */
bt_err bt_store_foreign_pepper(bt_store *store, const char *name,
                               const bt_foreign_pepper **ret_pepper,
                               uint8_t ret_mark[BT_PEPPER_MARK_SIZE], bt_fault *fault);

/* Sets the pepper of each scheme that has one and does not know it. False: one cannot be read, or is another than the
 * one that keys were imported with. From any thread. */
bool bt_store_find_peppers(bt_store *store, bt_environments *environments);

/* For the start of a program that answers checks: BT_OK where all are there. BT_ERR_PRECONDITION: names the
 * environment, the pepper, and the file. */
bt_err bt_store_check_peppers(bt_store *store, const bt_environments *environments,
                              bt_fault *fault);

/* Of one scheme. */
bt_err bt_store_check_pepper(bt_store *store, const bt_environment *environment,
                             const bt_scheme *scheme, bt_fault *fault);

#endif
