"""Checks of scoped API keys in your own process, out of the store that a bitting server writes."""
from __future__ import annotations

import datetime
import enum
import functools
import os
import threading
from typing import Any, Iterable, List, NamedTuple, Optional, Tuple, Union

from libbitting._native import ffi as _ffi, lib as _lib

__all__ = ["Answer", "AskServer", "Error", "Forked", "InternalError", "InvalidQuestion", "Key", "Keys", "Kind",
           "NotFound", "PreconditionFailed", "Reason", "Unavailable", "Validation"]


class Reason(enum.IntEnum):
    """Why an answer is what it is: of the denials that apply the first in this order."""
    ALLOWED = 1
    MALFORMED_TOKEN = 2
    UNKNOWN_KEY = 3
    REVOKED = 4
    DISABLED = 5
    EXPIRED = 6
    NOT_YET_VALID = 7
    OWNER_STOPPED = 8
    WRONG_KIND = 9
    ADDRESS_NOT_ALLOWED = 10
    MISSING_SCOPE = 11
    RESOURCE_NOT_GRANTED = 12
    RATE_LIMITED = 13


class Kind(enum.IntEnum):
    """What a key is the credential of."""
    BACKEND = 1
    PERSONAL = 2
    ORG = 3
    GENERIC = 4


class Error(Exception):
    """Nothing was decided, and nothing may be let in."""


class InvalidQuestion(Error, ValueError):
    """An argument is wrong; the message names it."""


class NotFound(Error):
    """No store in that directory, or no such scope."""


class PreconditionFailed(Error):
    """Not a store of bitting's, the wrong pepper, one that others can read, another PID namespace."""


class Unavailable(Error):
    """Not now, or not for this user."""


class AskServer(Error):
    """Nothing else denies, but the key has a rate limit, and the server counts."""


class Forked(Error):
    """These Keys were opened before a fork; this process must open its own."""


class InternalError(Error):
    """A defect, or a damaged store."""


class Answer(NamedTuple):
    """A decision. It is true where the token may do what was asked."""
    allowed: bool
    reason: Reason
    key_id: str  # empty where the token is that of no key
    scope_mask: int  # what the key holds, where the credential is good
    missing_scopes: Tuple[str, ...]
    expires_at: Optional[datetime.datetime]  # None: never, or the key is not known
    revision: int

    def __bool__(self) -> bool:
        return self.allowed


class Key(NamedTuple):
    """Whose key it is."""
    key_id: str
    kind: Kind
    name: str
    environment: str
    user_id: str
    org_id: str
    metadata: str  # a JSON object, or empty
    full_access: bool
    created_at: datetime.datetime


class Validation(NamedTuple):
    """Whether a token is good. It is true where it is."""
    answer: Answer
    key: Optional[Key]

    def __bool__(self) -> bool:
        return self.answer.allowed


_ERRORS = {
    _lib.BITTING_ERR_INVALID: InvalidQuestion,
    _lib.BITTING_ERR_NOT_FOUND: NotFound,
    _lib.BITTING_ERR_PRECONDITION: PreconditionFailed,
    _lib.BITTING_ERR_UNAVAILABLE: Unavailable,
    _lib.BITTING_ERR_ASK_SERVER: AskServer,
    _lib.BITTING_ERR_FORKED: Forked,
}
_REASONS = {int(reason): reason for reason in Reason}
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_NULL = _ffi.NULL


class _Buffers(threading.local):
    """What calls of one thread are made with, over and over."""

    def __init__(self) -> None:
        self.message = _ffi.new("char[]", _lib.BITTING_MESSAGE_SIZE)
        self.question = _ffi.new("bitting_question *")
        self.answer = _ffi.new("bitting_answer *")
        self.key = _ffi.new("bitting_key *")
        self.answer.size = _ffi.sizeof("bitting_answer")
        self.key.size = _ffi.sizeof("bitting_key")


_buffers = _Buffers()


def _raise(err: int, message: Any) -> None:
    text = _ffi.string(message).decode("utf-8", "replace")
    raise _ERRORS.get(err, InternalError)(text)


def _bytes(token: Union[str, bytes]) -> bytes:
    """Any text is a token, and most are none that is good."""
    return token.encode("utf-8", "surrogatepass") if isinstance(token, str) else token


def _number(value: int, field: str) -> int:
    if not 0 <= value < 1 << 64:
        raise InvalidQuestion(f"{field}: must be 0 to 2**64 - 1")
    return value


def _text(text: Optional[str], field: str) -> Any:
    """A C string that lives as long as what is returned."""
    if text is None:
        return _NULL
    if "\0" in text:
        raise InvalidQuestion(f"{field}: must not have a NUL in it")
    try:
        return _ffi.new("char[]", text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise InvalidQuestion(f"{field}: is no text that UTF-8 can say") from None


@functools.lru_cache(maxsize=256)
def _scopes(names: Tuple[str, ...], field: str) -> Any:
    texts = [_text(name, field) for name in names]
    return _ffi.new("const char *[]", texts), texts


def _mask_of(kinds: Iterable[Kind]) -> int:
    mask = 0
    for kind in kinds:
        mask |= 1 << Kind(kind)
    return mask


def _time(milliseconds: int) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(milliseconds=milliseconds)


def _string(array: Any) -> str:
    text: str = _ffi.string(array).decode("utf-8")
    return text


_QUESTION_SIZE = _ffi.sizeof("bitting_question")
_NO_QUESTION = _ffi.new("bitting_question *", [_QUESTION_SIZE])


def _begin(buffers: _Buffers, token: Union[str, bytes], environment: Optional[str], client_ip: Optional[str],
           accepted_kinds: Iterable[Kind], min_revision: int) -> Tuple[Any, List[Any]]:
    """This thread's question, with what every question has; and what must live as long as the call does."""
    question, raw = buffers.question, _bytes(token)
    _ffi.memmove(question, _NO_QUESTION, _QUESTION_SIZE)
    kept = [_ffi.from_buffer(raw)]
    question.token, question.token_size = kept[0], len(raw)
    if environment:
        kept.append(_text(environment, "environment"))
        question.environment = kept[-1]
    if client_ip:
        kept.append(_text(client_ip, "client_ip"))
        question.client_ip = kept[-1]
    if accepted_kinds:
        question.accepted_kinds = _mask_of(accepted_kinds)
    if min_revision:
        question.min_revision = _number(min_revision, "min_revision")
    return question, kept


class Keys:
    """An open store. Its methods may be called by any number of threads at a time."""

    def __init__(self, directory: Union[str, "os.PathLike[str]"], *, environment: Optional[str] = None,
                 pepper_file: Union[None, str, "os.PathLike[str]"] = None) -> None:
        """environment is that of questions which name none. pepper_file is DIRECTORY/pepper, unless told."""
        self._handle: Any = None
        texts = [_text(os.fspath(directory), "directory"),
                 _text(os.fspath(pepper_file) if pepper_file is not None else None, "pepper_file"),
                 _text(environment, "environment")]
        options = _ffi.new("bitting_options *", [_ffi.sizeof("bitting_options"), *texts])
        handle = _ffi.new("bitting **")
        err = _lib.bt_open(options, handle, _buffers.message)
        if err:
            _raise(err, _buffers.message)
        self._handle = _ffi.gc(handle[0], _lib.bt_close)

    def close(self) -> None:
        """The store is closed with the last call that is still running."""
        self._handle = None

    def __enter__(self) -> Keys:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_handle(self) -> Any:
        if self._handle is None:
            raise InvalidQuestion("these Keys are closed")
        return self._handle

    def check(self, token: Union[str, bytes], *scopes: str, scope_mask: int = 0, any: bool = False,
              requested_scopes: Optional[Tuple[str, ...]] = None, resource: Optional[str] = None,
              client_ip: Optional[str] = None, accepted_kinds: Iterable[Kind] = (),
              environment: Optional[str] = None, min_revision: int = 0) -> Answer:
        """May the token do that? It must hold all of the scopes, or one of them with any=True; and where
        requested_scopes says what an agent's client asked for, they must be among those, too."""
        handle, buffers = self._open_handle(), _buffers
        question, kept = _begin(buffers, token, environment, client_ip, accepted_kinds, min_revision)
        if scopes:
            question.scopes, _ = texts = _scopes(scopes, "scopes")
            question.scopes_count = len(scopes)
            kept.append(texts)
        if scope_mask:
            question.scope_mask = _number(scope_mask, "scope_mask")
        if any:
            question.any = True
        if requested_scopes is not None:
            question.requested, _ = texts = _scopes(tuple(requested_scopes), "requested_scopes")
            question.has_requested, question.requested_count = True, len(requested_scopes)
            kept.append(texts)
        if resource:
            kept.append(_text(resource, "resource"))
            question.resource = kept[-1]
        err = _lib.bt_check(handle, question, buffers.answer, buffers.message)
        if err:
            _raise(err, buffers.message)
        return self._answer(buffers.answer)

    def validate(self, token: Union[str, bytes], *, client_ip: Optional[str] = None,
                 accepted_kinds: Iterable[Kind] = (), environment: Optional[str] = None,
                 min_revision: int = 0) -> Validation:
        """Is the token good, and whose is it?"""
        handle, buffers = self._open_handle(), _buffers
        question, kept = _begin(buffers, token, environment, client_ip, accepted_kinds, min_revision)
        err = _lib.bt_validate(handle, question, buffers.answer, buffers.key, buffers.message)
        if err:
            _raise(err, buffers.message)
        answer = self._answer(buffers.answer)
        return Validation(answer, self._key(answer, buffers.key) if answer.allowed else None)

    def scope_bit(self, name: str) -> int:
        """The bit of a scope, which it has for ever."""
        bit = _ffi.new("unsigned *")
        err = _lib.bt_scope_bit(self._open_handle(), _text(name, "name"), bit, _buffers.message)
        if err:
            _raise(err, _buffers.message)
        return int(bit[0])

    def scope_name(self, bit: int) -> str:
        """The name that the scope of a bit has now."""
        name = _ffi.new("char[]", _lib.BITTING_SCOPE_NAME_SIZE)
        err = _lib.bt_scope_name(self._open_handle(), bit, name, _buffers.message)
        if err:
            _raise(err, _buffers.message)
        return _string(name)

    def _names(self, mask: int) -> Tuple[str, ...]:
        """A bit that is not assigned has no name, and is left out, as the server does."""
        names = []
        for bit in range(63):
            if mask >> bit & 1:
                try:
                    names.append(self.scope_name(bit))
                except NotFound:
                    pass
        return tuple(names)

    def _answer(self, answer: Any) -> Answer:
        missing, expires = answer.missing_mask, answer.expires_at_ms
        return Answer(answer.allowed, _REASONS[answer.reason], _string(answer.key_id), answer.scope_mask,
                      self._names(missing) if missing else (), _time(expires) if expires else None,
                      answer.revision)

    @staticmethod
    def _key(answer: Answer, key: Any) -> Key:
        return Key(answer.key_id, Kind(key.kind), _string(key.name), _string(key.environment),
                   _string(key.user_id), _string(key.org_id), _string(key.metadata), key.full_access,
                   _time(key.created_at_ms))
