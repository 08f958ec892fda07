/* A secret of another system that its hashes were made with. */
#ifndef BT_KEY_FOREIGN_PEPPER_H
#define BT_KEY_FOREIGN_PEPPER_H

#include "key/digest.h"
#include "key/environment.h"

#define BT_FOREIGN_PEPPER_MAX 1024u /* bytes */

/* In memory that is not swapped, and is read-only once it is made. */
struct bt_foreign_pepper {
    size_t size;
    uint8_t bytes[BT_FOREIGN_PEPPER_MAX];
};

/* Reads the file, by the rules of bt_pepper_load. In it: `hex:` and hexadecimal digits; or `base64:` and base64, of
 * either alphabet, padded or not; or else the bytes themselves. A newline at the end is no part of it. 1 to
 * BT_FOREIGN_PEPPER_MAX bytes. BT_ERR_NOT_FOUND, BT_ERR_PRECONDITION, BT_ERR_UNAVAILABLE; no text shows anything of the
 * secret. */
bt_err bt_foreign_pepper_load(const char *path, uid_t owner, bt_foreign_pepper **ret_pepper,
                              bt_fault *fault);

/* Wipes it. NULL is taken; returns NULL. */
bt_foreign_pepper *bt_foreign_pepper_free(bt_foreign_pepper *pepper);

/* Under our own pepper: who has the store alone cannot try guesses with it. */
void bt_foreign_pepper_mark(const bt_pepper *own, const bt_foreign_pepper *pepper,
                            uint8_t ret_mark[BT_PEPPER_MARK_SIZE]);

#endif
