/* The way back: from a handler's reply to frames. */
#ifndef BT_H2_ANSWER_H
#define BT_H2_ANSWER_H

#include "h2/stream.h"

/* Of every bt_call of this room. */
extern const bt_call_transport bt_h2_answer_transport;

/* On the worker's thread: ends the call with the status of an error, and the reading of its request. */
void bt_h2_answer_fail(bt_h2_stream *stream, bt_err err, const char *text);

/* Answers what is not gRPC with an HTTP status and nothing else. */
void bt_h2_answer_http(bt_h2_stream *stream, const char *status);

/* A stream for which there is no object. */
void bt_h2_answer_overload(bt_h2_connection *connection, int32_t id, bool half_closed);

/* The client's last request of a dialogue has been answered. */
void bt_h2_answer_finish(bt_h2_stream *stream);

/* Opens a note. For stream->letter. */
void bt_h2_answer_letter(bt_h2_letter *letter);
void bt_h2_note_free(bt_h2_note *note);

#endif
