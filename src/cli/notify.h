/* A word to the service manager, where there is one. */
#ifndef BT_CLI_NOTIFY_H
#define BT_CLI_NOTIFY_H

/* "READY=1" or "STOPPING=1", as sd_notify(3) sends it: a datagram to the socket that NOTIFY_SOCKET names. Does
 * nothing where that is not set, or nobody listens. */
void bt_notify(const char *state);

#endif
