#ifndef BT_CLI_UPPER_H
#define BT_CLI_UPPER_H

/* ASCII alone, whatever the locale. */
static inline char bt_upper(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

#endif
