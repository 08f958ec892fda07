#include "cli/credential.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "key/token.h"

/* Without the end of its line: what is read from a file of secrets mostly has one. */
static bool keep(const char *from, const char *text, size_t size, bt_credential *ret_credential) {
    if (size && text[size - 1] == '\n') size--;
    if (size && text[size - 1] == '\r') size--;
    if (size > BT_CREDENTIAL_MAX) {
        fprintf(stderr, "bitting: %s is longer than %u bytes\n", from, BT_CREDENTIAL_MAX);
        return false;
    }
    memcpy(ret_credential->text, text, size);
    ret_credential->text[size] = '\0';
    ret_credential->size = size;
    return true;
}

static bool take_variable(const char *name, bt_credential *ret_credential) {
    char *text = getenv(name);
    size_t size = text ? strlen(text) : 0;
    bool kept = keep(name, text ? text : "", size, ret_credential);
    if (text) bt_secret_wipe(text, size);
    unsetenv(name);
    return kept;
}

/* One byte more than is allowed shows that there are too many. */
static bool read_input(bt_credential *ret_credential) {
    char data[BT_CREDENTIAL_MAX + 3];
    size_t size = 0;
    ssize_t got = 1;
    while (size < sizeof data && got != 0) {
        got = read(STDIN_FILENO, data + size, sizeof data - size);
        if (got < 0 && errno != EINTR) break;
        if (got > 0) size += (size_t)got;
        if (isatty(STDIN_FILENO) && size && data[size - 1] == '\n') break;
    }
    bool kept = keep("the token on standard input", data, size, ret_credential);
    bt_secret_wipe(data, sizeof data);
    return kept;
}

static bool ask(bt_credential *ret_credential) {
    struct termios shown;
    if (tcgetattr(STDIN_FILENO, &shown) != 0) return read_input(ret_credential);
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG); /* as getpass(3): a signal would leave echo off */
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    fputs("Token: ", stderr); /* after the flush, which drops what was typed before */
    bool kept = read_input(ret_credential);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    return kept;
}

bool bt_credential_read_token(bt_credential *ret_credential) {
    if (!take_variable("BITTING_TOKEN", ret_credential)) return false;
    if (ret_credential->size) return true;
    if (!(isatty(STDIN_FILENO) ? ask : read_input)(ret_credential)) return false;
    if (ret_credential->size) return true;
    fputs("bitting: no token: give it on standard input or in BITTING_TOKEN\n", stderr);
    return false;
}

bool bt_credential_read_caller(bt_credential *ret_credential) {
    return take_variable("BITTING_CREDENTIAL", ret_credential);
}

void bt_credential_wipe(bt_credential *credential) {
    bt_secret_wipe(credential, sizeof *credential);
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* The checksum is not asked for: a token with a typing error is a secret too. */
static bool has_shape(bt_bytes word) {
    if (word.size < BT_TOKEN_BODY + 2 || word.size > BT_TOKEN_MAX) return false;
    size_t prefix = word.size - BT_TOKEN_BODY - 1;
    return word.data[prefix] == '_' && bt_token_prefix_ok(bt_bytes_of(word.data, prefix)) &&
           !memchr(word.data + prefix + 1, '_', BT_TOKEN_BODY);
}

static bool holds_token(const char *argument) {
    while (*argument) {
        size_t size = 0;
        while (is_word(argument[size])) size++;
        if (has_shape(bt_bytes_of(argument, size))) return true;
        argument += size ? size : 1;
    }
    return false;
}

bool bt_credential_guard_arguments(int argc, char **argv) {
    bool clean = true;
    for (int i = 1; i < argc; i++) {
        if (!holds_token(argv[i])) continue;
        bt_secret_wipe(argv[i], strlen(argv[i]));
        fprintf(
            stderr,
            "bitting: argument %d holds a token. Arguments are seen by every user of this machine "
            "and stay\nin the shell's history: give the token on standard input or in "
            "BITTING_TOKEN, "
            "and count this one as exposed\n(bitting key revoke --by-token).\n",
            i);
        clean = false;
    }
    return clean;
}
