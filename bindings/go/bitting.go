// Package bitting checks API keys in the process that asks, through libbitting (cgo, pkg-config
// bitting). A Keys may be used by any number of goroutines.
package bitting

/*
#cgo pkg-config: bitting
#include <stdlib.h>
#include <bitting/bitting.h>

static bitting_err check(bitting *keys, const char *token, size_t token_size, uint64_t mask,
                         bitting_answer *answer, char *message) {
    bitting_question question = BITTING_QUESTION_INIT;
    question.token = token;
    question.token_size = token_size;
    question.scope_mask = mask;
    answer->size = sizeof *answer;
    return bt_check(keys, &question, answer, message);
}

static bitting_err open_keys(const char *directory, const char *environment, bitting **keys,
                             char *message) {
    bitting_options options = BITTING_OPTIONS_INIT;
    options.directory = directory;
    options.environment = environment;
    return bt_open(&options, keys, message);
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Error says why nothing was decided. It is never a denial, and never an allow.
type Error struct {
	Code    int // bitting_err
	Message string
}

func (e *Error) Error() string { return e.Message }

// AskServer is the Code of a key whose rate limit only a server can count.
const AskServer = int(C.BITTING_ERR_ASK_SERVER)

// Keys is an open store.
type Keys struct{ handle *C.bitting }

// Answer is a decision.
type Answer struct {
	Allowed   bool
	Reason    string // ALLOWED, MALFORMED_TOKEN, ...
	KeyID     string
	ScopeMask uint64
	Revision  uint64
}

func fail(err C.bitting_err, message *C.char) error {
	return &Error{int(err), C.GoString(message)}
}

// Open opens the store in a directory; questions are asked in the environment.
func Open(directory, environment string) (*Keys, error) {
	dir, env := C.CString(directory), C.CString(environment)
	defer C.free(unsafe.Pointer(dir))
	defer C.free(unsafe.Pointer(env))
	var message [C.BITTING_MESSAGE_SIZE]C.char
	keys := &Keys{}
	if err := C.open_keys(dir, env, &keys.handle, &message[0]); err != C.BITTING_OK {
		return nil, fail(err, &message[0])
	}
	return keys, nil
}

// Close may be called when no other call is running.
func (k *Keys) Close() {
	C.bt_close(k.handle)
	k.handle = nil
}

// Mask gives the bits of scopes, for CheckMask. A scope has its bit for ever, so programs ask once.
func (k *Keys) Mask(scopes ...string) (uint64, error) {
	var mask uint64
	for _, scope := range scopes {
		name := C.CString(scope)
		var bit C.uint
		var message [C.BITTING_MESSAGE_SIZE]C.char
		err := C.bt_scope_bit(k.handle, name, &bit, &message[0])
		C.free(unsafe.Pointer(name))
		if err != C.BITTING_OK {
			return 0, fmt.Errorf("%s: %w", scope, fail(err, &message[0]))
		}
		mask |= 1 << bit
	}
	return mask, nil
}

// CheckMask asks whether the token's key holds all of the scopes of a mask.
func (k *Keys) CheckMask(token string, mask uint64) (Answer, error) {
	var answer C.bitting_answer
	var message [C.BITTING_MESSAGE_SIZE]C.char
	text := unsafe.StringData(token)
	err := C.check(k.handle, (*C.char)(unsafe.Pointer(text)), C.size_t(len(token)),
		C.uint64_t(mask), &answer, &message[0])
	if err != C.BITTING_OK {
		return Answer{}, fail(err, &message[0])
	}
	return Answer{
		Allowed:   bool(answer.allowed),
		Reason:    C.GoString(C.bt_reason_text(answer.reason)),
		KeyID:     C.GoString(&answer.key_id[0]),
		ScopeMask: uint64(answer.scope_mask),
		Revision:  uint64(answer.revision),
	}, nil
}
