#include "cli/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/suggest.h"
#include "cli/upper.h"

#define VARIABLE_MAX 64u
/* Of the help's first column. */
#define HEADING_WIDTH 24
#define HEADING_BREAK "\n                           "

/* Of the command that the program runs, which flags were set by their variables. */
static bool from_variable[BT_FLAGS_MAX];

static void variable_of(const char *flag, char ret_name[VARIABLE_MAX]) {
    size_t at = (size_t)snprintf(ret_name, VARIABLE_MAX, "BITTING_");
    for (; *flag && at < VARIABLE_MAX - 1; flag++)
        ret_name[at++] = bt_upper((char)(*flag == '-' ? '_' : *flag));
    ret_name[at] = '\0';
}

/* A complaint names flags; who gave none looks for them in vain. */
static void name_variables(const bt_usage *usage) {
    const char *before = "Given as variables: ";
    for (size_t i = 0; usage->flags[i].name; i++) {
        char variable[VARIABLE_MAX];
        if (!from_variable[i]) continue;
        variable_of(usage->flags[i].name, variable);
        fprintf(stderr, "%s%s", before, variable);
        before = ", ";
    }
    if (*before == ',') fputc('\n', stderr);
}

int bt_options_complain(const bt_usage *usage, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "bitting %s: ", usage->command);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    name_variables(usage);
    fprintf(stderr, "See: bitting %s --help\n", usage->command);
    va_end(arguments);
    return BT_EXIT_USAGE;
}

static void print_help(const bt_usage *usage) {
    printf("Usage: bitting %s%s%s\n\n%s\n", usage->command, usage->synopsis[0] ? " " : "",
           usage->synopsis, usage->about);
    if (usage->flags->name) puts("\nFlags:");
    for (const bt_flag *flag = usage->flags; flag->name; flag++) {
        char heading[80];
        snprintf(heading, sizeof heading, "--%s%s%s", flag->name, flag->value ? " " : "",
                 flag->value ? flag->value : "");
        bool wide = strlen(heading) > HEADING_WIDTH;
        printf("  %-*s%s%s\n", HEADING_WIDTH, heading, wide ? HEADING_BREAK : " ", flag->help);
    }
    if (usage->flags->name) {
        char variable[VARIABLE_MAX];
        variable_of(usage->flags->name, variable);
        printf("\nEvery flag can be given as a variable instead: --%s as %s.\n", usage->flags->name,
               variable);
    }
    if (usage->examples) printf("\nExamples:\n%s\n", usage->examples);
}

static bool add_to_list(bt_list *list, const char *text) {
    for (;;) {
        size_t size = strcspn(text, ",");
        if (size == 0 || list->count == BT_LIST_MAX) return false;
        list->items[list->count++] = bt_bytes_of(text, size);
        if (!text[size]) return true;
        text += size + 1;
    }
}

static bool set_switch(bool *on, const char *text) {
    static const char *const words[] = {"0", "false", "no", "1", "true", "yes"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *on = i >= 3;
        return true;
    }
    return false;
}

/* from is how the user wrote it: --name, or BITTING_NAME. */
static bool set_value(const bt_usage *usage, const bt_flag *flag, const char *from,
                      const char *text) {
    if (flag->text) {
        *flag->text = text;
        return true;
    }
    if (flag->list) {
        if (add_to_list(flag->list, text)) return true;
        bt_options_complain(usage,
                            "%s takes 1 to %u values separated by commas, none of them empty", from,
                            BT_LIST_MAX);
        return false;
    }
    if (set_switch(flag->on, text)) return true;
    bt_options_complain(usage, "%s is a switch: 1 or 0, not \"%.40s\"", from, text);
    return false;
}

static const bt_flag *find_flag(const bt_usage *usage, const char *name, size_t size) {
    for (const bt_flag *flag = usage->flags; flag->name; flag++)
        if (strlen(flag->name) == size && strncmp(flag->name, name, size) == 0) return flag;
    return NULL;
}

static bool is_given(const bt_usage *usage, const bool *given, const char *name) {
    const bt_flag *flag = name ? find_flag(usage, name, strlen(name)) : NULL;
    return flag && given[flag - usage->flags];
}

static bool take_variables(const bt_usage *usage, const bool *given) {
    for (size_t i = 0; usage->flags[i].name; i++) {
        char variable[VARIABLE_MAX];
        variable_of(usage->flags[i].name, variable);
        const char *text = getenv(variable);
        if (given[i] || !text || !*text) continue;
        if (is_given(usage, given, usage->flags[i].excludes)) continue;
        from_variable[i] = true;
        if (!set_value(usage, &usage->flags[i], variable, text)) return false;
    }
    return true;
}

static bool exclusive(const bt_usage *usage, const bool *given) {
    for (size_t i = 0; usage->flags[i].name; i++) {
        const bt_flag *flag = &usage->flags[i];
        if (!given[i] || !is_given(usage, given, flag->excludes)) continue;
        bt_options_complain(usage, "--%s and --%s cannot be given together", flag->name,
                            flag->excludes);
        return false;
    }
    return true;
}

static void complain_unknown(const bt_usage *usage, const char *name, size_t size) {
    bt_suggestion best = bt_suggestion_none;
    for (const bt_flag *flag = usage->flags; flag->name; flag++)
        bt_suggest(&best, bt_bytes_of(name, size), flag->name);
    if (best.text)
        bt_options_complain(usage, "there is no flag --%.*s; did you mean --%s?", (int)size, name,
                            best.text);
    else
        bt_options_complain(usage, "there is no flag --%.*s", (int)size, name);
}

/* One flag at argv[*at]; moves on past its value. */
static bool take_flag(const bt_usage *usage, int argc, char **argv, int *at, bool *given) {
    const char *name = argv[*at] + 2;
    size_t size = strcspn(name, "=");
    const char *value = name[size] ? name + size + 1 : NULL;
    const bt_flag *flag = find_flag(usage, name, size);
    if (!flag) return complain_unknown(usage, name, size), false;
    bool again = given[flag - usage->flags];
    given[flag - usage->flags] = true;
    char from[80];
    snprintf(from, sizeof from, "--%s", flag->name);
    if (again && !flag->list) return bt_options_complain(usage, "%s is given twice", from), false;
    if (!flag->value && !value) return *flag->on = true;
    bool has_next = *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0;
    if (!value && has_next) value = argv[++*at];
    if (!value)
        return bt_options_complain(usage, "%s needs a value: %s=%s", from, from, flag->value),
               false;
    return set_value(usage, flag, from, value);
}

static bool take_argument(const bt_usage *usage, const char *argument, size_t *count,
                          const char **ret_arguments) {
    if (*count == usage->arguments) {
        if (usage->arguments == 0)
            bt_options_complain(usage, "takes no argument, but was given \"%.80s\"", argument);
        else
            bt_options_complain(usage, "takes only %s; \"%.80s\" is too many", usage->arguments_are,
                                argument);
        return false;
    }
    ret_arguments[(*count)++] = argument;
    return true;
}

static bool asks_for_help(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static bool enough(const bt_usage *usage, size_t count) {
    const char *instead = usage->instead;
    if (instead && *find_flag(usage, instead, strlen(instead))->on) {
        if (count)
            bt_options_complain(usage, "takes %s or --%s, not both", usage->arguments_are, instead);
        return count == 0;
    }
    if (count == usage->arguments) return true;
    bt_options_complain(usage, "needs %s%s%s", usage->arguments_are, instead ? ", or --" : "",
                        instead ? instead : "");
    return false;
}

bool bt_options_parse(const bt_usage *usage, int argc, char **argv, const char **ret_arguments,
                      int *ret_exit) {
    bool given[BT_FLAGS_MAX] = {false};
    size_t count = 0;
    if (asks_for_help(argc, argv)) {
        print_help(usage);
        *ret_exit = BT_EXIT_OK;
        return false;
    }
    *ret_exit = BT_EXIT_USAGE;
    for (int i = 0; i < argc; i++) {
        bool taken = strncmp(argv[i], "--", 2) == 0
                         ? take_flag(usage, argc, argv, &i, given)
                         : take_argument(usage, argv[i], &count, ret_arguments);
        if (!taken) return false;
    }
    return exclusive(usage, given) && take_variables(usage, given) && enough(usage, count);
}
