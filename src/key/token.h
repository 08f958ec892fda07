/* Tokens: `<prefix>_<body>`.
 *
 * The body is 43 random letters and digits (62^43 > 2^256) and 6 more that are the CRC-32 of all
 * before them, in base 62. The checksum turns away every single wrong character and every swap of
 * two neighbours, and lets one in 2^32 of random strings pass; it is there to end junk cheaply, not
 * for security. Regular expression of a token, for secret scanners:
 *
 *     [a-z][a-z0-9_]{0,48}_[0-9A-Za-z]{49}
 */
#ifndef BT_KEY_TOKEN_H
#define BT_KEY_TOKEN_H

#include "base/bytes.h"

#define BT_TOKEN_RANDOM 43u
#define BT_TOKEN_CHECKSUM 6u
#define BT_TOKEN_BODY (BT_TOKEN_RANDOM + BT_TOKEN_CHECKSUM)
#define BT_TOKEN_PREFIX_MAX 48u
#define BT_TOKEN_MAX 100u /* longer is never a token of ours */

/* [a-z][a-z0-9_]*, not ending in an underscore, up to BT_TOKEN_PREFIX_MAX. */
bool bt_token_prefix_ok(bt_bytes prefix);

/* Writes a new token and its NUL. The prefix must be ok. The caller wipes it after use. */
void bt_token_mint(bt_bytes prefix, char ret_token[BT_TOKEN_MAX + 1]);

/* The token of given digits, each one of [0-9A-Za-z]; for tests and benchmarks, which need the same ones
 * again. */
void bt_token_compose(bt_bytes prefix, const char random[BT_TOKEN_RANDOM],
                      char ret_token[BT_TOKEN_MAX + 1]);

/* The credential without `Bearer ` in any case, its spaces, and nothing else. */
bt_bytes bt_token_strip_bearer(bt_bytes credential);

/* Whether bytes are a token by shape and checksum; then its prefix is given, a view into them. */
bool bt_token_parse(bt_bytes token, bt_bytes *ret_prefix);

#endif
