/* Inside of the room. */
#ifndef BT_HTTP_PARTS_H
#define BT_HTTP_PARTS_H

#include <microhttpd.h>

#include "http/server.h"

#define BT_HTTP_THREADS_MAX 256u

struct bt_http_server {
    struct MHD_Daemon *daemon;
    bt_service *service;
    bt_health *health;
    char environment[BT_ENVIRONMENT_NAME_MAX + 1];
    /* A session for each request at a time: taken, used by one thread, and put back. */
    bt_session *_Atomic sessions[BT_HTTP_THREADS_MAX];
};

/* NULL where there is none to be had. */
bt_session *bt_http_session_take(bt_http_server *server);
void bt_http_session_put(bt_http_server *server, bt_session *session);

/* These answer a request; MHD_NO closes the connection. */
enum MHD_Result bt_http_forward_auth(bt_http_server *server, struct MHD_Connection *connection);
enum MHD_Result bt_http_metrics(bt_http_server *server, struct MHD_Connection *connection);
enum MHD_Result bt_http_text(struct MHD_Connection *connection, unsigned status, bt_bytes type,
                             bt_bytes body);

#endif
