/* The program's log: one line an event on standard error, `time level message key=value...`.
 * Used by the program's rooms (service and above), never by a room that goes into the library. */
#ifndef BT_BASE_LOG_H
#define BT_BASE_LOG_H

typedef enum bt_log_level { BT_LOG_ERROR, BT_LOG_WARNING, BT_LOG_INFO, BT_LOG_DEBUG } bt_log_level;

/* Process-wide; set once at start. Default BT_LOG_INFO. */
void bt_log_set_level(bt_log_level level);

/* Thread-safe: one write(2) a line. Control characters in the text become '?'. */
void bt_log(bt_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
