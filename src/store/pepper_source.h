/* Where the pepper comes from. */
#ifndef BT_STORE_PEPPER_SOURCE_H
#define BT_STORE_PEPPER_SOURCE_H

#include <sys/types.h>

#include "store/store.h"

#define BT_PEPPER_CREDENTIAL "bitting-pepper"

/* The path of a systemd credential, in memory of malloc; NULL where there is none. */
char *bt_pepper_credential(const char *name);

/* The named file; else the systemd credential bitting-pepper, where there is one
 * ($CREDENTIALS_DIRECTORY, systemd.exec(5)); else DIRECTORY/pepper. In memory of malloc; NULL where
 * there is none. ret_fixed: the file is somebody else's to make. */
char *bt_pepper_source(const bt_store_options *options, bool *ret_fixed);

/* owner: of the data directory, who may own the pepper, too. BT_ERR_PRECONDITION where there is no such file: a store without its pepper knows no key. */
bt_err bt_pepper_of_store(const bt_store_options *options, uid_t owner, bt_pepper **ret_pepper,
                          bt_fault *fault);

/* As above, and makes the file where there is none. */
bt_err bt_pepper_of_new_store(const bt_store_options *options, uid_t owner, bt_pepper **ret_pepper,
                              bt_fault *fault);

#endif
