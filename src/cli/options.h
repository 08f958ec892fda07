/* What is given to a command: flags, variables that mirror them, arguments; and the help that is made from
 * the same table. */
#ifndef BT_CLI_OPTIONS_H
#define BT_CLI_OPTIONS_H

#include "base/bytes.h"

#define BT_LIST_MAX 64u
#define BT_FLAGS_MAX 32u
#define BT_ARGUMENTS_MAX 2u

/* Exit codes of every command but `check`, whose 1 is a denial and whose every failure is 2. */
enum { BT_EXIT_OK = 0, BT_EXIT_FAILED = 1, BT_EXIT_USAGE = 2 };

typedef struct bt_list {
    bt_bytes items[BT_LIST_MAX]; /* views into what was given; never empty ones */
    size_t count;
} bt_list;

/* --name VALUE or --name=VALUE; also as the variable BITTING_NAME (upper case, '_' for '-'), which the
 * flag overrides. Exactly one of on, text and list says where the value goes. */
typedef struct bt_flag {
    const char *name;
    const char *value; /* what the help calls the value; NULL for a switch */
    const char *help;
    bool *on;          /* the variable: 1, true, yes or 0, false, no */
    const char **text; /* keeps what it points to where the flag is not given */
    bt_list *list;     /* values separated by commas; the flag may be repeated */
    /* Name of a flag that cannot be given together with this one. Where that flag is given, this one's
     * variable is passed over. */
    const char *excludes;
} bt_flag;

typedef struct bt_usage {
    const char *command;       /* "key create" */
    const char *synopsis;      /* what follows the command's name */
    const char *about;         /* paragraphs, wrapped by hand, without a newline at the end */
    const char *examples;      /* indented by two; NULL: none */
    const bt_flag *flags;      /* ended by a name of NULL */
    size_t arguments;          /* how many are wanted, exactly */
    const char *arguments_are; /* for the complaint: "the id of a key" */
    const char *instead; /* name of a switch with which none is wanted; NULL: there is no such */
} bt_usage;

/* Fills what the flags point to, and ret_arguments (NULL where none are wanted). False: the command has
 * nothing more to do than to return *ret_exit, since help was printed, or a complaint. */
bool bt_options_parse(const bt_usage *usage, int argc, char **argv, const char **ret_arguments,
                      int *ret_exit);

/* Says on standard error what is wrong with how the command was called, and where its help is. Returns
 * BT_EXIT_USAGE. */
int bt_options_complain(const bt_usage *usage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
