/* The standard streams; standard output past stdio, too: what is written there may be a token, and stdio keeps copies. */
#ifndef BT_CLI_OUTPUT_H
#define BT_CLI_OUTPUT_H

#include "base/bytes.h"

/* Once, before any file is opened: one that gets the number of a standard stream which is closed would be written to as
 * that, the store among them. What stands in can neither be read nor written, so that output is lost with an error.
 * False where there is none. */
bool bt_output_guard_streams(void);

/* The line and a newline. False where not all of it could be written. */
bool bt_output_line(bt_bytes line);

/* To be called by a command that has printed with stdio, at its end: a full disk or a closed pipe shows only
 * then. Says so and returns false where output was lost. */
bool bt_output_finish(void);

#endif
