"""Other people's clients: each makes a key, validates it, checks it, revokes it and checks it again."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import support

CLIENTS = pathlib.Path(__file__).parent / "clients"
RIGHTS = ["apikeys.create", "apikeys.read", "apikeys.revoke", "apikeys.validate", "users.read"]


@pytest.fixture
def credential(server):
    return server.create_key("team", RIGHTS)[0]


def grpcurl_path():
    return shutil.which("grpcurl", path=f"{os.environ['PATH']}:{pathlib.Path.home()}/go/bin")


def grpcurl(server, credential, method=None, request=None, words=(), address=None):
    """By reflection alone. The credential goes by the environment, so that it is in no argument."""
    command = [grpcurl_path(), "-plaintext", "-expand-headers", "-H", "authorization: Bearer ${CREDENTIAL}"]
    command += ["-d", "@"] if method else []
    command += [address or server.guarded_address, *words, *([method] if method else [])]
    return subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, timeout=60,
                          env={**os.environ, "CREDENTIAL": credential})


def answered(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def only_with_grpcurl():
    if not grpcurl_path():
        pytest.skip("grpcurl is not installed")


def test_grpcurl(only_with_grpcurl, server, credential):
    made = answered(grpcurl(server, credential, "bitting.v1.KeyService/CreateKey",
                            {"name": "from grpcurl", "scopes": ["users.read"]}))
    token, key_id = made["token"], made["key"]["keyId"]
    valid = answered(grpcurl(server, credential, "bitting.v1.CheckService/Validate", {"token": token}))
    assert valid["valid"] and valid["key"]["name"] == "from grpcurl"
    question = {"token": token, "scopes": ["users.read"]}
    check = "bitting.v1.CheckService/CheckScope"
    assert answered(grpcurl(server, credential, check, question))["allowed"]
    denied = answered(grpcurl(server, credential, check, {"token": token, "scopes": ["users.create"]}))
    assert "allowed" not in denied and denied["missingScopes"] == ["users.create"]
    answered(grpcurl(server, credential, "bitting.v1.KeyService/RevokeKey", {"key_id": key_id}))
    assert answered(grpcurl(server, credential, check, question))["reason"] == "REASON_REVOKED"


def test_grpcurl_lists_and_describes_everything(only_with_grpcurl, server, credential):
    listed = grpcurl(server, credential, words=["list"]).stdout.split()
    assert {"bitting.v1.CheckService", "bitting.v1.KeyService", "grpc.health.v1.Health"} <= set(listed)
    for service in listed:
        described = grpcurl(server, credential, words=["describe", service])
        assert described.returncode == 0 and f"service {service.split('.')[-1]}" in described.stdout
    assert "repeated string scopes = 2;" in grpcurl(
        server, credential, words=["describe", "bitting.v1.CheckScopeRequest"]).stdout
    assert "map<string, string> labels" in grpcurl(server, credential, words=["describe", "bitting.v1.Key"]).stdout


def test_python(server, credential, protos):
    keys = protos.key_grpc.KeyServiceStub(server.guarded())
    checks = protos.check_grpc.CheckServiceStub(server.guarded())
    metadata = support.bearer(credential)
    made = keys.CreateKey(protos.key.CreateKeyRequest(name="from python", scopes=["users.read"]), metadata=metadata)
    valid = checks.Validate(protos.check.ValidateRequest(token=made.token), metadata=metadata)
    assert valid.valid and valid.key.key_id == made.key.key_id
    question = protos.check.CheckScopeRequest(token=made.token, scopes=["users.read"])
    assert checks.CheckScope(question, metadata=metadata).allowed
    more = protos.check.CheckScopeRequest(token=made.token, scopes=["users.create"])
    assert list(checks.CheckScope(more, metadata=metadata).missing_scopes) == ["users.create"]
    revoked = keys.RevokeKey(protos.key.RevokeKeyRequest(key_id=made.key.key_id), metadata=metadata)
    answer = checks.CheckScope(question, metadata=metadata)
    assert answer.reason == protos.check.REASON_REVOKED and answer.revision >= revoked.revision


@pytest.fixture(scope="session")
def node_client():
    """The folder of the client with what it needs, installed once and kept in build/."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    folder = support.BUILD / "node-client"
    if not (folder / "node_modules" / "@grpc" / "proto-loader").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(CLIENTS / "node" / "package.json", folder)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=folder,
                              capture_output=True, text=True, timeout=300)
        if done.returncode:
            pytest.skip(f"npm install failed: {done.stderr.strip()[-200:]}")
    shutil.copy(CLIENTS / "node" / "client.js", folder)
    return folder


def test_node(node_client, server, credential):
    done = subprocess.run(["node", "client.js"], cwd=node_client, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "ADDRESS": server.guarded_address, "CREDENTIAL": credential,
                               "PROTOS": str(support.ROOT / "proto")})
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["valid"]["valid"] and said["valid"]["key"]["name"] == "from node"
    assert said["allowed"]["allowed"] and said["allowed"]["reason"] == "REASON_ALLOWED"
    assert not said["denied"]["allowed"] and said["denied"]["missing_scopes"] == ["users.create"]
    assert not said["revoked"]["allowed"] and said["revoked"]["reason"] == "REASON_REVOKED"
