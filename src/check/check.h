/* A check: from a token and a question to an answer, in one snapshot. Allocates nothing, writes
 * nothing, takes no lock. */
#ifndef BT_CHECK_CHECK_H
#define BT_CHECK_CHECK_H

#include "decide/decide.h"
#include "store/snapshot.h"

typedef struct bt_answer {
    bt_verdict verdict;
    const bt_record *record; /* NULL: unknown. In the file: good until the snapshot is reset */
    uint64_t slot;           /* the row's key of the record; 0 where there is none */
    bt_bytes detail; /* of the record, where it was looked up with others: for bt_check_detail */
    uint64_t revision;
} bt_answer;

/* credential: the token, bare or as `Bearer <token>`, any bytes of any length. environment is one
 * of the snapshot's. The snapshot must be renewed. An error is not a decision, and nothing
 * may be let in: BT_ERR_INTERNAL, a damaged store; BT_ERR_PRECONDITION, a token that may be of another system whose
 * pepper this process cannot read; BT_ERR_UNIMPLEMENTED, a key with a rate limit that nothing else denies, for who
 * counts to decide. */
bt_err bt_check_token(bt_snapshot *snapshot, const bt_pepper *pepper, bt_bytes credential,
                      const bt_environment *environment, const bt_question *question,
                      bt_answer *ret_answer);

/* The two halves of a check, for who has many to do: what each will look up is known before the first looks
 * anything up, and can be told to bt_snapshot_expect. */
typedef struct bt_sought {
    bool malformed;
    bool there; /* the token may be one of the environment */
    uint64_t slot;
    bt_digest digest;
    bt_bytes row;    /* for bt_snapshot_expected */
    bt_bytes detail; /* of the key that row is a record of; or nothing */
    /* Of a token that may be another system's, which is looked for by up to four digests: then slot and digest are not
     * set. Views what was asked with. */
    bt_bytes foreign;
    const bt_pepper *pepper;
} bt_sought;

bt_sought bt_check_seek(const bt_snapshot *snapshot, const bt_pepper *pepper, bt_bytes credential,
                        const bt_environment *environment);
/* The first step of it. ret_token: what is still to be digested, for slot and digest; else empty. */
bt_sought bt_check_parse(const bt_snapshot *snapshot, const bt_pepper *pepper, bt_bytes credential,
                         const bt_environment *environment, bt_bytes *ret_token);
/* As the head and the environments of a transaction have it. */
bt_sought bt_check_seek_in(const bt_head *head, const bt_environments *environments,
                           const bt_pepper *pepper, bt_bytes credential,
                           const bt_environment *environment);
/* Errors as above. */
bt_err bt_check_sought(bt_snapshot *snapshot, const bt_sought *sought,
                       const bt_environment *environment, const bt_question *question,
                       bt_answer *ret_answer);

/* What bt_snapshot_detail has of the answer's record. */
bt_err bt_check_detail(bt_snapshot *snapshot, const bt_answer *answer, bt_bytes *ret_row);

/* The environment that the token's prefix belongs to; NULL where it has the prefix of none, or is
 * malformed. */
const bt_environment *bt_check_environment(const bt_snapshot *snapshot, bt_bytes credential);

#endif
