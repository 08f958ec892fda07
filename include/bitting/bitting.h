/* libbitting: answers "is this key good, and may it do that?" inside your own process, from the store that
 * a bitting server (or nobody) is writing at the same time. No network, no server, about a microsecond.
 *
 *     bitting_options options = BITTING_OPTIONS_INIT;
 *     options.directory = "/var/lib/bitting";
 *     options.environment = "prod";
 *     bitting *keys;
 *     char message[BITTING_MESSAGE_SIZE];
 *     if (bt_open(&options, &keys, message) != BITTING_OK) ...
 *
 *     const char *scopes[] = {"users.read"};
 *     bitting_question question = BITTING_QUESTION_INIT;
 *     question.token = token;
 *     question.token_size = strlen(token);
 *     question.scopes = scopes;
 *     question.scopes_count = 1;
 *     bitting_answer answer = BITTING_ANSWER_INIT;
 *     if (bt_check(keys, &question, &answer, message) == BITTING_OK && answer.allowed) ...
 *
 * Answers are those of the server's Validate and CheckScope, by the same code, out of the same file: what
 * was committed before a call began is seen by it, and the answer names the revision it was decided at. A
 * denial is an answer (BITTING_OK, and allowed is false). On every error allowed is false, too.
 *
 * What it needs, and checks when it opens
 *   - to read the store (DIRECTORY/bitting.mdb) and the pepper (mode 0600, or 0640 to one group); and the peppers of
 *     other systems that imported keys need (DIRECTORY/peppers), without which bt_open fails;
 *   - to write the store's lock file (DIRECTORY/bitting.mdb-lock), where readers say which pages they are
 *     looking at. Who has that can hold up the server's writes: it is for a group that is trusted with that
 *     (`bitting serve --library-group GROUP` gives one what it needs). The lock file is never done without;
 *   - to share the server's PID namespace, if they run in containers: readers that died are known by their
 *     process number;
 *   - a file system of this machine, not of a network;
 *   - one copy of this library in a process.
 *
 * Threads: every function may be called by any number of threads with one handle at a time, but for
 * bt_close, after which nobody may use the handle. No lock is taken in bt_check and bt_validate. Each call
 * that is running takes one of the 1022 places for readers that a store has for all processes together; between
 * calls a process keeps one for each thread that has called, at most 64, however many handles it has.
 *
 * fork: a handle is its process's own. In a child made by fork() every call with the parent's handle is
 * BITTING_ERR_FORKED; the child opens its own. To bt_close the
 * parent's handle there does nothing.
 *
 * Restores: where another file is put in the place of the store's, or of its lock file, every call is BITTING_ERR_UNAVAILABLE from a
 * tenth of a second later on, and so is bt_open until every handle on the directory has been closed. (Put it there
 * with mv: a copy onto the file that is open destroys it under its readers.)
 *
 * Versions: every struct begins with its size, which its _INIT sets. Later versions add fields at the end;
 * a program built with an older header goes on working, and a field that this version does not know and that
 * is not zero is BITTING_ERR_INVALID. */
#ifndef BITTING_BITTING_H
#define BITTING_BITTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BITTING_API __attribute__((visibility("default")))

/* Texts of errors: UTF-8 without control characters, never a secret, with their NUL at most this long. Every
 * `message` may be NULL; it is written where the call fails, and else left alone. */
#define BITTING_MESSAGE_SIZE 384

typedef enum bitting_err {
    BITTING_OK = 0,
    BITTING_ERR_INVALID = 1,   /* an argument; the message names the field */
    BITTING_ERR_NOT_FOUND = 2, /* there is no store in that directory; no such scope */
    BITTING_ERR_PRECONDITION =
        3, /* not a store of ours, another schema, the wrong pepper, one that others can
                                     read, another PID namespace */
    BITTING_ERR_UNAVAILABLE =
        4, /* not now, or not for this user: permissions, memory, too many readers,
                                     min_revision is not reached, or the store was replaced */
    BITTING_ERR_ASK_SERVER =
        5, /* nothing else denies, but the key has a rate limit, and the server counts */
    BITTING_ERR_FORKED = 6,   /* the handle was opened before a fork */
    BITTING_ERR_INTERNAL = 7, /* a defect, or a damaged store */
} bitting_err;

/* Why an answer is what it is: of the denials that apply the first in this order. Values of
 * bitting.v1.Reason. */
typedef enum bitting_reason {
    BITTING_REASON_NONE = 0, /* nothing was decided */
    BITTING_REASON_ALLOWED = 1,
    BITTING_REASON_MALFORMED_TOKEN = 2,
    BITTING_REASON_UNKNOWN_KEY = 3,
    BITTING_REASON_REVOKED = 4,
    BITTING_REASON_DISABLED = 5,
    BITTING_REASON_EXPIRED = 6,
    BITTING_REASON_NOT_YET_VALID = 7,
    BITTING_REASON_OWNER_STOPPED = 8,
    BITTING_REASON_WRONG_KIND = 9,
    BITTING_REASON_ADDRESS_NOT_ALLOWED = 10,
    BITTING_REASON_MISSING_SCOPE = 11,
    BITTING_REASON_RESOURCE_NOT_GRANTED = 12,
    BITTING_REASON_RATE_LIMITED = 13,
} bitting_reason;

/* Who lacked a scope, with BITTING_REASON_MISSING_SCOPE. */
typedef enum bitting_layer {
    BITTING_LAYER_NONE = 0,
    BITTING_LAYER_KEY = 1,
    BITTING_LAYER_REQUESTED = 2, /* the key holds it, and it was not requested */
} bitting_layer;

/* Values of bitting.v1.KeyKind. */
typedef enum bitting_kind {
    BITTING_KIND_BACKEND = 1,
    BITTING_KIND_PERSONAL = 2,
    BITTING_KIND_ORG = 3,
    BITTING_KIND_GENERIC = 4,
} bitting_kind;

/* For bitting_question.accepted_kinds: BITTING_ACCEPT(BITTING_KIND_ORG) | ... */
#define BITTING_ACCEPT(kind) (UINT32_C(1) << (kind))

#define BITTING_KEY_ID_SIZE 33      /* 32 hexadecimal digits and a NUL */
#define BITTING_ENVIRONMENT_SIZE 17 /* this and the following: with the NUL */
#define BITTING_NAME_SIZE 201
#define BITTING_OWNER_ID_SIZE 129
#define BITTING_METADATA_SIZE 8193
#define BITTING_SCOPE_NAME_SIZE 49
#define BITTING_SCOPES_MAX 64 /* names in one question */

/* An open store. */
typedef struct bitting bitting;

typedef struct bitting_options {
    size_t size;
    const char *directory; /* of the store */
    const char
        *pepper_file; /* NULL: DIRECTORY/pepper, or the systemd credential `bitting-pepper` */
    const char *environment; /* of questions that name none; NULL: every question must name one */
} bitting_options;

#define BITTING_OPTIONS_INIT                                                                       \
    { sizeof(bitting_options), NULL, NULL, NULL }

/* Texts end in NUL; NULL and "" both say that there is none. Nothing is kept beyond the call. */
typedef struct bitting_question {
    size_t size;
    const char *token; /* bare or as `Bearer <token>`; any bytes */
    size_t token_size;
    const char *environment;   /* NULL: that of the options */
    const char *const *scopes; /* what is asked for: names, bits, or both (then all of them) */
    size_t scopes_count;
    uint64_t scope_mask;
    bool any; /* one of the scopes is enough */
    /* What an agent's client asked for, beside what the agent's key may do: names, bits, or both. Where there
     * are any, or has_requested says that nothing was asked for, it is allowed only what both have. */
    bool has_requested;
    const char *const *requested;
    size_t requested_count;
    uint64_t requested_mask;
    /* To be acted on, such as `project:42`, for keys that are bound to resources. */
    const char *resource;
    const char *client_ip;   /* of the end client, for keys that are bound to networks */
    uint32_t accepted_kinds; /* BITTING_ACCEPT; 0: every kind */
    uint64_t min_revision;   /* BITTING_ERR_UNAVAILABLE where the store has not reached it; 0 */
} bitting_question;

#define BITTING_QUESTION_INIT                                                                      \
    {                                                                                              \
        sizeof(bitting_question), NULL, 0, NULL, NULL, 0, 0, false, false, NULL, 0, 0, NULL, NULL, \
            0, 0                                                                                   \
    }

typedef struct bitting_answer {
    size_t size;
    bool allowed; /* true exactly where reason is BITTING_REASON_ALLOWED */
    bitting_reason reason;
    char key_id[BITTING_KEY_ID_SIZE]; /* of a key of this environment, allowed or not; else empty */
    uint64_t scope_mask;              /* what the key holds; 0 where the credential is not good */
    uint64_t missing_mask; /* with BITTING_REASON_MISSING_SCOPE: asked for and not held */
    int64_t expires_at_ms; /* since 1970 UTC; 0: never, or the key is not known */
    uint64_t revision;     /* of the store that was looked at */
    bitting_layer layer;   /* with BITTING_REASON_MISSING_SCOPE: who lacks it */
} bitting_answer;

#define BITTING_ANSWER_INIT                                                                        \
    { sizeof(bitting_answer), false, BITTING_REASON_NONE, "", 0, 0, 0, 0, BITTING_LAYER_NONE }

/* Whose key it is. About 9 KB. */
typedef struct bitting_key {
    size_t size;
    bitting_kind kind; /* 0 where bt_validate did not allow */
    bool full_access;  /* holds every live scope, those added later too */
    int64_t created_at_ms;
    char environment[BITTING_ENVIRONMENT_SIZE];
    char name[BITTING_NAME_SIZE];
    char user_id[BITTING_OWNER_ID_SIZE];
    char org_id[BITTING_OWNER_ID_SIZE];
    char metadata
        [BITTING_METADATA_SIZE]; /* a JSON object, byte for byte as it was given; or empty */
} bitting_key;

#define BITTING_KEY_INIT                                                                           \
    { sizeof(bitting_key), (bitting_kind)0, false, 0, "", "", "", "", "" }

/* Opens the store for reading. *ret_handle is written where that succeeds. A second open of one directory in a
 * process shares the first, with its pepper (another pepper_file is not looked at): each is closed
 * by its own bt_close, in any order. Not to be called between fork and exec in a child of a process with
 * threads. Every error but ASK_SERVER and FORKED. */
BITTING_API bitting_err bt_open(const bitting_options *options, bitting **ret_handle,
                                char *message);

/* NULL is taken. Wipes the pepper with the last handle of the directory. */
BITTING_API void bt_close(bitting *handle);

/* May this token do that? As CheckScope. BITTING_ERR_INVALID for an environment, scope, address or resource
 * that is none, bit 63, and a question without any scope; a scope that is retired or a bit that is not
 * assigned is denied. PRECONDITION for a token that may have been imported with a pepper that came after bt_open and that
 * this process cannot read. Also UNAVAILABLE, ASK_SERVER, FORKED, INTERNAL. Allocates nothing once as many calls ran
 * at a time before. */
BITTING_API bitting_err bt_check(bitting *handle, const bitting_question *question,
                                 bitting_answer *ret_answer, char *message);

/* Is this token good, and whose is it? As Validate; allowed stands for valid. The question has no scopes,
 * requested ones or resource. ret_key may be NULL; it is filled in where the answer allows, and else empty. */
BITTING_API bitting_err bt_validate(bitting *handle, const bitting_question *question,
                                    bitting_answer *ret_answer, bitting_key *ret_key,
                                    char *message);

/* The bit of a scope, 0 to 62, for masks: a scope has it for ever. BITTING_ERR_NOT_FOUND, and as bt_check. */
BITTING_API bitting_err bt_scope_bit(bitting *handle, const char *name, unsigned *ret_bit,
                                     char *message);

/* The name that the scope of a bit has now. BITTING_ERR_NOT_FOUND for a bit that is not assigned. */
BITTING_API bitting_err bt_scope_name(bitting *handle, unsigned bit,
                                      char ret_name[BITTING_SCOPE_NAME_SIZE], char *message);

/* "ALLOWED", "MALFORMED_TOKEN", ...: for logs. "UNSPECIFIED" for what is no reason. Never NULL. */
BITTING_API const char *bt_reason_text(bitting_reason reason);

#ifdef __cplusplus
}
#endif

#endif
