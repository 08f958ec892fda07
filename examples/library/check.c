/* May this token do that? Asks the store in this process, without a server.
 *
 *     cc check.c $(pkg-config --cflags --libs bitting) -o check
 *     ./check DIRECTORY ENVIRONMENT SCOPE <token-file
 *
 * Exits with 0 where it may, 1 where it may not, 2 where that could not be decided. */
#include <stdio.h>
#include <string.h>

#include <bitting/bitting.h>

static int ask(bitting *keys, const char *token, const char *scope) {
    bitting_question question = BITTING_QUESTION_INIT;
    bitting_answer answer = BITTING_ANSWER_INIT;
    char message[BITTING_MESSAGE_SIZE];
    question.token = token;
    question.token_size = strlen(token);
    question.scopes = &scope;
    question.scopes_count = 1;
    if (bt_check(keys, &question, &answer, message) != BITTING_OK) {
        fprintf(stderr, "not decided: %s\n", message);
        return 2;
    }
    printf("%s, key %s, revision %llu\n", bt_reason_text(answer.reason), answer.key_id,
           (unsigned long long)answer.revision);
    return answer.allowed ? 0 : 1;
}

int main(int argc, char **argv) {
    char token[256] = "";
    if (argc != 4 || !fgets(token, sizeof token, stdin)) {
        fprintf(stderr, "usage: %s DIRECTORY ENVIRONMENT SCOPE <token-file\n", argv[0]);
        return 2;
    }
    token[strcspn(token, "\n")] = '\0';

    bitting_options options = BITTING_OPTIONS_INIT;
    options.directory = argv[1];
    options.environment = argv[2];
    bitting *keys;
    char message[BITTING_MESSAGE_SIZE];
    if (bt_open(&options, &keys, message) != BITTING_OK) {
        fprintf(stderr, "%s\n", message);
        return 2;
    }
    int code = ask(keys, token, argv[3]); /* as often, and from as many threads, as you like */
    bt_close(keys);
    return code;
}
