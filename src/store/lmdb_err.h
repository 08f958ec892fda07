/* Codes of LMDB (which include those of errno) as errors of ours. */
#ifndef BT_STORE_LMDB_ERR_H
#define BT_STORE_LMDB_ERR_H

#include "base/err.h"

bt_err bt_lmdb_err(int rc);

/* Says what happened to the file at path and what helps; returns bt_lmdb_err(rc). */
bt_err bt_lmdb_fail(bt_fault *fault, const char *path, int rc);

#endif
