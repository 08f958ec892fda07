"""Keys of another system: their hashes with its pepper, as every door finds them."""
import base64
import hashlib
import hmac
import pathlib
import stat

import grpc
import pytest

import support

PEPPER = b"pepper of the other system"


def hash_of(method, message):
    made = {"HASH_METHOD_SHA256": lambda: hashlib.sha256(message).digest(),
            "HASH_METHOD_HMAC_SHA256": lambda: hmac.new(PEPPER, message, hashlib.sha256).digest(),
            "HASH_METHOD_SHA256_PEPPER_FIRST": lambda: hashlib.sha256(PEPPER + message).digest(),
            "HASH_METHOD_SHA256_PEPPER_LAST": lambda: hashlib.sha256(message + PEPPER).digest()}
    return made[method]()


METHODS = ["HASH_METHOD_HMAC_SHA256", "HASH_METHOD_SHA256_PEPPER_FIRST", "HASH_METHOD_SHA256_PEPPER_LAST"]


def put_pepper(data, name="old", content=PEPPER, mode=0o600):
    folder = pathlib.Path(data) / "peppers"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    path.unlink(missing_ok=True)
    path.touch(mode)
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture
def importer(server, protos, keys):
    """importer(item fields, ...) gives the results."""
    token, _ = server.create_key("importer", ["apikeys.import", "users.read"])

    def bring(*items):
        wanted = protos.key.CreateKeyRequest(name="imported", scopes=["users.read"])
        answer = keys.ImportKeys(protos.key.ImportKeysRequest(
            keys=[protos.key.ImportKey(key=wanted, **item) for item in items]), metadata=support.bearer(token))
        return list(answer.results)

    return bring


def peppered(method, token, name="old", text=bytes.hex, **more):
    return {"sha256": text(hash_of(method, token.encode())), "method": method, "pepper": name, **more}


def ask(checks, protos, token):
    answer = checks.CheckScope(protos.check.CheckScopeRequest(token=token, scopes=["users.read"], environment="test"))
    return protos.check.Reason.Name(answer.reason)


def test_a_key_with_a_pepper_is_unknown_at_some_door(server, protos, checks, importer):
    put_pepper(server.data)
    tokens = [f"legacy-token-{method}" for method in METHODS]
    results = importer(*(peppered(method, token) for method, token in zip(METHODS, tokens)))
    assert [result.code for result in results] == [0, 0, 0], results
    for token in tokens:
        assert ask(checks, protos, token) == "REASON_ALLOWED"
        done = server.cli("check", "--env", "test", "--scope", "users.read", token=token)
        assert (done.returncode, done.stdout) == (0, "allowed\n"), done.stderr
        done = support.run("check", "--env", "test", "--scope", "users.read", "--server", server.trusted_address,
                           token=token, variables={"BITTING_TRANSPORT": server.transport})
        assert (done.returncode, done.stdout) == (0, "allowed\n"), done.stderr
    assert ask(checks, protos, "legacy-token-of-nobody") == "REASON_UNKNOWN_KEY"
    # In base64, of what follows a prefix, and with the whole pepper in another form; a fifth scheme is none.
    put_pepper(server.data, "same", b"hex:" + PEPPER.hex().encode() + b"\n")
    item = peppered(METHODS[0], "rest-1", "same", lambda raw: base64.b64encode(raw).decode(), prefix="sk_",
                    without_prefix=True)
    assert [result.code for result in importer(item)] == [0]
    assert ask(checks, protos, "sk_rest-1") == "REASON_ALLOWED"
    assert ask(checks, protos, "rest-1") == "REASON_MALFORMED_TOKEN"
    assert ask(checks, protos, "rest-1-of-8") == "REASON_UNKNOWN_KEY"
    assert [result.code for result in importer(peppered(METHODS[0], "more", prefix="pk_"))] == [8]
    # By its token a key is found in the same way, and is in the store once.
    (result,) = importer({"token": tokens[0]})
    assert result.code == 6


def test_no_pepper_is_in_the_store_or_the_log(server, protos, checks, importer):
    put_pepper(server.data)
    assert [result.code for result in importer(peppered(METHODS[0], "legacy-token-1"))] == [0]
    ask(checks, protos, "legacy-token-1")
    (result,) = importer(peppered(METHODS[1], "legacy-token-1", "missing"))
    assert result.code == 9
    assert str(server.data / "peppers" / "missing") in result.message
    for path in server.data.iterdir():
        if stat.S_ISREG(path.lstat().st_mode):
            assert PEPPER not in path.read_bytes(), path
    assert PEPPER.decode() not in server.log() + result.message


def test_a_pepper_that_is_gone_makes_keys_unknown(server, protos, checks, importer):
    path = put_pepper(server.data)
    own, _ = server.create_key("own", ["users.read"])
    assert [result.code for result in importer(peppered(METHODS[0], "legacy-token-1"))] == [0]
    server.stop()
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(AssertionError, match="serve ended with 1") as failed:
        server.start()
    assert f"environment test: pepper {path}: no such file" in str(failed.value)
    server.process = None
    # The command line decides nothing on such a token, and on others as ever.
    done = server.cli("check", "--env", "test", "--scope", "users.read", token="legacy-token-1")
    assert done.returncode == 2 and "pepper" in done.stderr, done
    done = server.cli("check", "--env", "test", "--scope", "users.read", token=own)
    assert done.returncode == 0, done
    for mode, content, word in ((0o600, b"another", "is another than"), (0o644, PEPPER, "others could read")):
        put_pepper(server.data, content=content, mode=mode)
        with pytest.raises(AssertionError, match=word):
            server.start()
        server.process = None
    put_pepper(server.data)
    server.start()
    assert ask(protos.check_grpc.CheckServiceStub(server.trusted()), protos, "legacy-token-1") == "REASON_ALLOWED"
