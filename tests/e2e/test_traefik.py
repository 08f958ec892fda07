"""Forward-auth behind real Traefik, configured by deploy/traefik/dynamic.yaml with other ports. Only where `traefik` is on
the path: it is in no package of Debian or PyPI."""
import json
import shutil
import time

import pytest

import support
from envoy_proxy import ask
from test_forward_auth import FAMILY, PATH, Proxy, bearer, denied, known, spellings


class Traefik(Proxy):
    name = "traefik"

    def command(self):
        text = (support.ROOT / "deploy/traefik/dynamic.yaml").read_text()
        for shipped, ours in {"127.0.0.1:9495": self.http_address,
                              "127.0.0.1:8000": f"127.0.0.1:{self.upstream.server_port}"}.items():
            assert shipped in text
            text = text.replace(shipped, ours)
        (self.folder / "dynamic.yaml").write_text(text)
        return ["traefik", f"--entrypoints.web.address=127.0.0.1:{self.port}", "--global.checknewversion=false",
                f"--providers.file.filename={self.folder}/dynamic.yaml", "--global.sendanonymoususage=false"]

    def wait(self):
        """It listens before it has read the file, and knows no router until then."""
        super().wait()
        deadline = time.monotonic() + 60
        while ask(self.port, "/").status == 404:
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)


@pytest.fixture
def transport():
    return "grpc"


@pytest.fixture
def server(new_server):
    return new_server(http=True, flags=["--environment", "test", "--trusted-hops", "1"])


@pytest.fixture
def proxy(server, tmp_path):
    if not shutil.which("traefik", path=PATH):
        pytest.skip("traefik is not installed")
    folder = tmp_path / "proxy"
    folder.mkdir()
    running = Traefik(folder, server.http_address)
    yield running
    running.stop()


def test_allow_401_and_403(server, proxy):
    token, key = server.create_key("pipe line", ["users.read"])
    weak, _ = server.create_key("weak", ["orgs.read"])
    for name, value in [("Authorization", f"Bearer {token}"), ("X-Api-Key", token)]:
        answer = ask(proxy.port, "/users/42?x=%20y", [(name, value)], "POST", b"a body")
        assert answer.status == 200 and token not in answer.body.decode()
        assert (answer.json()["path"], answer.json()["body"]) == ("/users/42?x=%20y", "a body")
        assert known(answer) == {"x-bitting-key-id": [key["key_id"]], "x-bitting-kind": ["backend"],
                                 "x-bitting-name": ["pipe%20line"], "x-bitting-environment": ["test"],
                                 "x-bitting-scopes": ["users.read"]}
    for headers in ([], bearer("junk"), bearer(token) * 2, bearer(token) + [("X-Api-Key", token)]):
        answer = denied(proxy, "/users/42", headers)
        assert answer.status == 401 and answer.header("www-authenticate") == ["Bearer"]
        assert json.loads(answer.body)["error"] == "invalid_credential"
    for target in ("/users/42", "/users", "//users/42", "/%75sers/42", "/x/../users/42", "/users%2F42"):
        assert denied(proxy, target, bearer(weak)).status == 403, target
    assert ask(proxy.port, "/users/../elsewhere", bearer(weak)).json()["path"] == "/elsewhere"


def test_what_a_client_says_is_not_believed(server, proxy):
    token, key = server.create_key("key", ["users.read"], kind="personal", user="ann")
    away, _ = server.create_key("away", ["users.read"], network="192.0.2.0/24")
    weak, _ = server.create_key("weak", ["orgs.read"])
    spoofed = [(spelling, "admin") for name in FAMILY for spelling in spellings(f"x-bitting-{name}")] * 2
    for more in ([], spoofed, [("Connection", "X-Bitting-User-Id, x-bitting-key-id")]):
        answer = ask(proxy.port, "/users/42", bearer(token) + more)
        assert answer.status == 200 and "admin" not in answer.body.decode()
        assert known(answer)["x-bitting-key-id"] == [key["key_id"]] and known(answer)["x-bitting-user-id"] == ["ann"]
    for name in ("x-bitting-other", "x_bitting_key_id", "x.bitting.user.id"):
        assert denied(proxy, "/users/42", bearer(token) + [(name, "admin")]).status == 403
    lies = [("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/"), ("X-Forwarded-For", "192.0.2.7"),
            ("X-Real-IP", "192.0.2.7"), ("Connection", "X-Forwarded-Uri, X-Forwarded-Method, X-Forwarded-For")]
    assert denied(proxy, "/users/42", bearer(away) + lies).status == 401
    assert denied(proxy, "/users/42", bearer(weak) + lies).status == 403


def test_nobody_is_let_in_while_bitting_cannot_be_asked(server, proxy):
    token, _ = server.create_key("key", ["users.read"])
    assert ask(proxy.port, "/users/42", bearer(token)).status == 200
    server.stop()
    assert denied(proxy, "/users/42", bearer(token)).status == 500
