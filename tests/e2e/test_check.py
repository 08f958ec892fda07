"""CheckService over a real connection: answers, callers, and everything that cannot be asked."""
import random

import grpc
import pytest

import support

INVALID = grpc.StatusCode.INVALID_ARGUMENT
SERVICE = "/bitting.v1.CheckService/"
LIMIT = 64 << 10


@pytest.fixture
def token(server):
    return server.create_key("support", ["users.read"])[0]


@pytest.fixture
def ask(checks, protos):
    """ask(token=..., ...) is CheckScope in `test`."""
    def call(**fields):
        return checks.CheckScope(protos.check.CheckScopeRequest(**{"environment": "test", **fields}))
    return call


def raw(channel, path, message, **more):
    """Sends bytes as they are."""
    return channel.unary_unary(path)(message, timeout=30, **more)


def refused(call, *words, **fields):
    with pytest.raises(grpc.RpcError) as caught:
        call(*words, **fields)
    return caught.value


def test_validate_tells_whose_key_it_is(server, checks, protos):
    token, made = server.create_key("löwe", ["users.read", "users.delete"], kind="org", org="o1", user="u1",
                                    expires_in="90d")
    answer = checks.Validate(protos.check.ValidateRequest(token="Bearer " + token, environment="test"))
    assert answer.valid and answer.reason == protos.check.REASON_ALLOWED
    key = answer.key
    assert (key.key_id, key.name, key.environment) == (made["key_id"], "löwe", "test")
    assert (key.user_id, key.org_id, key.kind) == ("u1", "o1", protos.key.KEY_KIND_ORG)
    assert list(key.scopes) == ["users.read", "users.delete"] and key.scope_mask == 1 | 1 << 12
    assert list(key.high_risk_scopes) == ["users.delete"]
    assert 89 * 86400 < key.expires_at.seconds - key.created_at.seconds <= 90 * 86400
    assert answer.revision > 0
    server.cli("key", "revoke", made["key_id"])
    answer = checks.Validate(protos.check.ValidateRequest(token=token, environment="test"))
    assert not answer.valid and not answer.HasField("key") and answer.reason == protos.check.REASON_REVOKED


def test_a_batch_is_answered_in_order_at_one_revision(server, checks, protos):
    tokens = [server.create_key(f"k{i}", [scope])[0] for i, scope in enumerate(["users.read", "users.create"])]
    questions = [protos.check.CheckScopeRequest(token=tokens[i % 2], scope_mask=1 << i % 3, environment="test")
                 for i in range(1000)]
    answer = checks.BatchCheckScope(protos.check.BatchCheckScopeRequest(checks=questions))
    assert [result.allowed for result in answer.results] == [i % 2 == i % 3 for i in range(1000)]
    assert {result.revision for result in answer.results} == {answer.revision}
    for wrong, said in ((questions + questions[:1], "checks: at most 1000"), ([], "checks: has none")):
        error = refused(checks.BatchCheckScope, protos.check.BatchCheckScopeRequest(checks=wrong))
        assert error.code() == INVALID and error.details().startswith(said)
    questions[41].scopes.append("users.raed")
    error = refused(checks.BatchCheckScope, protos.check.BatchCheckScopeRequest(checks=questions))
    assert error.details().startswith('checks[41].scopes[0]: there is no scope "users.raed"')


@pytest.mark.parametrize("fields, said", [
    ({}, "scopes: must name at least one"),
    ({"scope_mask": 1 << 63}, "scope_mask: has bit 63"),
    ({"scope_mask": (1 << 64) - 1}, "scope_mask: has bit 63"),
    ({"scopes": ["users.raed"]}, 'scopes[0]: there is no scope "users.raed"; there are: users.read'),
    ({"scopes": ["users.read", ""]}, 'scopes[1]: there is no scope ""'),
    ({"scopes": ["users.read\0"]}, "scopes[0]: there is no scope"),
    ({"scopes": ["USERS.READ"]}, "scopes[0]: there is no scope"),
    ({"scopes": ["users.read"] * 65}, "scopes: at most 64"),
    ({"scopes": ["x" * 10000]}, "scopes[0]: there is no scope"),
    ({"scope_mask": 1, "match": 3}, "match: 3 is not a value"),
    ({"scope_mask": 1, "match": -1}, "match: -1 is not a value"),
    ({"scope_mask": 1, "environment": "tset"}, 'environment: there is no "tset"; there are: test'),
    ({"scope_mask": 1, "environment": "te\nst"}, 'environment: there is no "te?st"'),
    ({"scope_mask": 1, "environment": ""}, "environment: must be named"),
    ({"scope_mask": 1, "accepted_kinds": [0]}, "accepted_kinds: 0 is not a value"),
    ({"scope_mask": 1, "accepted_kinds": [1, 99]}, "accepted_kinds: 99 is not a value"),
    ({"scope_mask": 1, "client_ip": "192.0.2.256"}, "client_ip: "),
    ({"scope_mask": 1, "client_ip": "192.0.2.1:80"}, "client_ip: "),
    ({"scope_mask": 1, "client_ip": "192.0.2.0/24"}, "client_ip: "),
    ({"scope_mask": 1, "resource": "no type"}, "resource: "),
])
def test_what_cannot_be_asked_is_named(ask, token, fields, said):
    error = refused(ask, token=token, **fields)
    assert (error.code(), error.details()[:len(said)]) == (INVALID, said)
    assert token[8:] not in error.details()
    assert ask(token=token, scope_mask=1).allowed


def test_a_revision_that_is_not_reached_is_unavailable(ask, token):
    answer = ask(token=token, scope_mask=1)
    assert ask(token=token, scope_mask=1, min_revision=answer.revision).allowed
    error = refused(ask, token=token, scope_mask=1, min_revision=answer.revision + 1)
    assert error.code() == grpc.StatusCode.UNAVAILABLE and error.details().startswith("min_revision: ")


def test_whatever_is_no_token_is_malformed(server, token, protos):
    channel = server.trusted()
    swapped = list(token)
    at = next(i for i in range(20, 40) if swapped[i] != swapped[i + 1])
    swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
    tokens = [b"", b"Bearer", b"Bearer ", b"x", token[:-1].encode(), token.encode() + b"A", "".join(swapped).encode(),
              token.upper().encode(), b" " + token.encode(), token.replace("_", "-").encode(),
              token[:20].encode() + b"\0" + token[21:].encode(), token[:20].encode() + b"\xff" + token[21:].encode(),
              "schlüssel".encode(), b"\xff" * 100, b"a" * 60000]
    for bad in tokens:
        message = protos.check.CheckScopeRequest(scope_mask=1, environment="test").SerializeToString()
        message += b"\x0a" + varint(len(bad)) + bad
        answer = protos.check.CheckScopeResponse.FromString(raw(channel, SERVICE + "CheckScope", message))
        assert (answer.allowed, answer.reason) == (False, protos.check.REASON_MALFORMED_TOKEN), bad[:80]
        assert not answer.key_id
    error = refused(raw, channel, SERVICE + "CheckScope", b"\x0a" + varint(10 << 20) + b"a" * (10 << 20))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def test_a_key_of_another_environment_is_unknown(server, checks, protos):
    assert server.cli("env", "add", "prod").returncode == 0
    token, _ = server.create_key("p", ["users.read"], env="prod")
    for name, reason in (("test", "UNKNOWN_KEY"), ("prod", "ALLOWED")):
        answer = checks.CheckScope(protos.check.CheckScopeRequest(token=token, scope_mask=1, environment=name))
        assert answer.reason == protos.check.Reason.Value("REASON_" + reason)


@pytest.mark.parametrize("method", ["Validate", "CheckScope", "BatchCheckScope"])
def test_bytes_that_are_no_request_are_refused_and_the_server_goes_on(server, token, ask, protos, method):
    channel = server.trusted()
    seed = random.randrange(1 << 32)
    print("seed", seed)
    draw = random.Random(seed)
    good = protos.check.CheckScopeRequest(token=token, scopes=["users.read"], environment="test").SerializeToString()
    for i in range(300):
        message = good[:draw.randrange(len(good))] if i % 3 == 0 else draw.randbytes(draw.randrange(200))
        try:
            raw(channel, SERVICE + method, message)
        except grpc.RpcError as error:
            # By chance some bytes are a request, perhaps for a revision that is far away.
            by_chance = error.code() == grpc.StatusCode.UNAVAILABLE and error.details().startswith("min_revision: ")
            assert by_chance or error.code() == INVALID and error.details(), message.hex()
    limit = 1 << 20 if method.startswith("Batch") else LIMIT
    for size in (limit + 1, 16 << 20):
        error = refused(raw, channel, SERVICE + method, b"\x0a" + varint(size) + b"a" * size)
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert ask(token=token, scope_mask=1).allowed


def test_a_guarded_listener_asks_who_is_asking(server, protos, token):
    checks = protos.check_grpc.CheckServiceStub(server.guarded())
    question = protos.check.CheckScopeRequest(token=token, scope_mask=1)
    good, made = server.create_key("gateway", ["apikeys.validate"])
    end_user, _ = server.create_key("user", ["apikeys.validate"], kind="generic")
    said = set()
    for credential in ("", "junk", end_user, good[:-1], "Basic " + good):
        error = refused(checks.CheckScope, question, metadata=(("authorization", credential),))
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED
        said.add(error.details())
    said.add(refused(checks.CheckScope, question).details())
    assert len(said) == 1
    error = refused(checks.CheckScope, question, metadata=support.bearer(token))
    assert error.code() == grpc.StatusCode.PERMISSION_DENIED and "apikeys.validate" in error.details()
    assert checks.CheckScope(question, metadata=support.bearer(good)).allowed
    assert checks.CheckScope(question, metadata=(("authorization", good),)).allowed
    two = support.bearer(good) + support.bearer(good)
    assert refused(checks.CheckScope, question, metadata=two).code() == grpc.StatusCode.UNAUTHENTICATED
    for name in ("prod", "nowhere"):
        question.environment = name
        error = refused(checks.CheckScope, question, metadata=support.bearer(good))
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED
        assert error.details() == "environment: the caller's key belongs to test and acts in no other"
    question.environment = "test"
    server.cli("key", "revoke", made["key_id"])
    error = refused(checks.CheckScope, question, metadata=support.bearer(good))
    assert error.code() == grpc.StatusCode.UNAUTHENTICATED
