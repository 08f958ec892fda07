"""Forward-auth behind real nginx, Caddy and HAProxy, configured by the files of deploy/ with other ports."""
import concurrent.futures
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

import support
from envoy_proxy import Upstream, ask, free_port

FAMILY = ["key-id", "kind", "name", "environment", "user-id", "org-id", "scopes", "metadata"]
PATH = f"{os.environ['PATH']}:/usr/sbin"


class Proxy:
    """A proxy in the foreground, in a process group of its own, in front of an Upstream."""

    def __init__(self, folder, http_address):
        self.folder, self.http_address = folder, http_address
        self.upstream = Upstream()
        self.port = free_port()
        self.log_file = folder / "log"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                env=support.clean_environment(PATH=PATH, HOME=str(folder), XDG_CONFIG_HOME=str(folder),
                                              XDG_DATA_HOME=str(folder)))
        self.wait()

    def fitted(self, text):
        ports = {":8080": f":{self.port}", "127.0.0.1:9495": self.http_address,
                 "127.0.0.1:8000": f"127.0.0.1:{self.upstream.server_port}"}
        for shipped, ours in ports.items():
            assert shipped in text, f"{shipped} is not in the configuration any more"
            text = text.replace(shipped, ours)
        return text

    def wait(self):
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.upstream.shutdown()
        self.upstream.server_close()


class Nginx(Proxy):
    name, unavailable = "nginx", 503

    def command(self):
        for file in (support.ROOT / "deploy/nginx").glob("*.conf"):
            shutil.copy(file, self.folder)
        main = self.folder / "nginx.conf"
        # Folders of its own, so that it runs as any user.
        temporary = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))
        text = self.fitted(main.read_text()).replace("http {\n", f"http {{\n    access_log off;\n{temporary}", 1)
        assert temporary in text
        main.write_text(text)
        return ["nginx", "-e", "stderr", "-c", str(main), "-g", f"daemon off; pid {self.folder}/pid;"]


class Caddy(Proxy):
    name, unavailable = "caddy", 502

    def command(self):
        text = self.fitted((support.ROOT / "deploy/caddy/Caddyfile").read_text())
        (self.folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
        return ["caddy", "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]


class Haproxy(Proxy):
    name, unavailable = "haproxy", 503

    def command(self):
        source = support.ROOT / "deploy/haproxy"
        shutil.copy(source / "bitting.lua", self.folder)
        (self.folder / "haproxy.cfg").write_text(self.fitted((source / "haproxy.cfg").read_text()))
        return ["haproxy", "-db", "-f", str(self.folder / "haproxy.cfg")]


class BrokenHaproxy(Haproxy):
    """Its script ends in an error before it asks."""

    def command(self):
        words = super().command()
        script = self.folder / "bitting.lua"
        text = script.read_text()
        assert "local answer = " in text
        script.write_text(text.replace("local answer = ", "error('broken') local answer = "))
        return words


@pytest.fixture
def transport():
    return "grpc"


@pytest.fixture
def server(new_server):
    return new_server(http=True, flags=["--environment", "test", "--trusted-hops", "1"])


@pytest.fixture(params=[Nginx, Caddy, Haproxy], ids=lambda kind: kind.name)
def new_proxy(request, tmp_path):
    if not shutil.which(request.param.name, path=PATH):
        pytest.skip(f"{request.param.name} is not installed")
    running = []

    def make(server):
        folder = tmp_path / f"proxy{len(running)}"
        folder.mkdir(mode=0o755)
        running.append(request.param(folder, server.http_address))
        return running[-1]

    yield make
    for proxy in running:
        proxy.stop()


@pytest.fixture
def proxy(server, new_proxy):
    return new_proxy(server)


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def known(answer):
    """The identity that upstream got; an empty header tells as little as none."""
    return {name: values for name, values in answer.identity().items() if values != [""]}


def denied(proxy, target, headers=(), **more):
    """An answer to a request that must not reach upstream."""
    before = proxy.upstream.asked
    answer = ask(proxy.port, target, headers, **more)
    assert answer.status != 200 and proxy.upstream.asked == before
    assert not [name for name, _ in answer.headers if name.lower().startswith("x-bitting")]
    return answer


def test_an_allowed_request_arrives_with_its_identity_and_without_its_key(server, proxy):
    token, key = server.create_key("pipe line", ["users.read"])
    for name, value in [("Authorization", f"Bearer {token}"), ("authorization", f"bearer {token}"),
                        ("X-Api-Key", token)]:
        answer = ask(proxy.port, "/users/42?x=%20y", [(name, value)], "POST", b"a body")
        assert answer.status == 200
        seen = answer.json()
        assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/users/42?x=%20y", "a body")
        assert known(answer) == {"x-bitting-key-id": [key["key_id"]], "x-bitting-kind": ["backend"],
                                 "x-bitting-name": ["pipe%20line"], "x-bitting-environment": ["test"],
                                 "x-bitting-scopes": ["users.read"]}
        assert not answer.upstream("authorization") and not answer.upstream("x-api-key")
        assert token not in answer.body.decode()


def test_a_persons_key_says_whose_it_is(new_server, new_proxy):
    server = new_server(http=True, flags=["--environment", "test", "--trusted-hops", "1", "--send-metadata"])
    token, _ = server.create_key("laptop", ["users.read", "orgs.read"], kind="personal", user="ann@example.com",
                                 org="acme", metadata='{"plan": 1}')
    long, _ = server.create_key("n" * 100, preset="full_access", kind="personal", user="ü" * 60, org="ö" * 60,
                                metadata=json.dumps({"note": "é" * 1900}, ensure_ascii=False))
    proxy = new_proxy(server)
    assert known(ask(proxy.port, "/users/42", bearer(long)))["x-bitting-metadata"][0].count("%C3%A9") == 1900
    seen = known(ask(proxy.port, "/users/42", bearer(token)))
    assert seen["x-bitting-user-id"] == ["ann@example.com"] and seen["x-bitting-org-id"] == ["acme"]
    assert seen["x-bitting-scopes"] == ["users.read,orgs.read"]
    assert seen["x-bitting-metadata"] == ["{%22plan%22:%201}"]


def test_every_bad_credential_gets_401(server, proxy):
    good, key = server.create_key("key", ["users.read"])
    last, _ = server.create_key("other", ["users.read"])
    assert server.cli("key", "revoke", key["key_id"]).returncode == 0
    wrong = last[:-1] + ("a" if last[-1] != "a" else "b")
    tries = [[], *map(bearer, (good, wrong, "x")), [("Authorization", "Basic dTpw")],
             bearer(last) + [("X-Api-Key", last)], [("X-Api-Key", last), ("X-Api-Key", last)]]
    for headers in tries:
        answer = denied(proxy, "/users/42", headers)
        assert answer.status == 401, headers
        assert answer.header("www-authenticate") == ["Bearer"]
        assert answer.header("content-type") == ["application/json"]
        assert json.loads(answer.body)["error"] == "invalid_credential"


def test_each_location_asks_for_its_scopes(server, proxy):
    token, _ = server.create_key("key", ["users.read"])
    assert ask(proxy.port, "/users/42", bearer(token)).status == 200
    assert ask(proxy.port, "/elsewhere", bearer(token)).status == 200
    answer = denied(proxy, "/admin/x", bearer(token))
    assert answer.status == 403 and json.loads(answer.body)["error"] in ("missing_scope", "forbidden")
    challenge, = answer.header("www-authenticate")
    assert "insufficient_scope" in challenge and "users.delete" in challenge
    either, _ = server.create_key("either", ["orgs.delete"])
    assert ask(proxy.port, "/admin/x", bearer(either)).status == 200
    assert denied(proxy, "/users/42", bearer(either)).status == 403
    assert denied(proxy, "/elsewhere").status == 401


def spellings(name):
    return {name, name.upper(), name.title()}


@pytest.mark.parametrize("copies", [1, 3])
def test_a_documented_header_that_the_client_sends_never_arrives(server, proxy, copies):
    token, key = server.create_key("key", ["users.read"])
    spoofed = [(spelling, "admin") for name in FAMILY for spelling in spellings(f"x-bitting-{name}")] * copies
    answer = ask(proxy.port, "/users/42", bearer(token) + spoofed)
    assert answer.status == 200
    assert known(answer)["x-bitting-key-id"] == [key["key_id"]]
    assert "admin" not in answer.body.decode()
    assert "admin" not in ask(proxy.port, "/health", spoofed).body.decode()


@pytest.mark.parametrize("name", ["x-bitting-other", "X-BITTING-OTHER", "x_bitting_key_id", "X-Bitting_Key_Id",
                                  "x_bitting-key-id", "X_BITTING_USER_ID", "x.bitting.user.id", "x-bitting~user-id"])
def test_no_other_name_of_the_family_arrives(server, proxy, name):
    token, _ = server.create_key("key", ["users.read"])
    answer = ask(proxy.port, "/users/42", bearer(token) + [(name, "admin")])
    assert answer.status in (200, 403)
    assert "admin" not in answer.body.decode()
    # nginx cannot remove what it does not know: docs/nginx.md says so of locations that ask nobody.
    if proxy.name != "nginx":
        assert "admin" not in ask(proxy.port, "/health", [(name, "admin")]).body.decode()


def test_a_client_cannot_say_what_it_asked_for(new_server, new_proxy, tmp_path):
    table = tmp_path / "routes.yaml"
    table.write_text("version: 1\nroutes:\n"
                     "  - {method: GET, path: '/users/{id}', host: api.example.com, scopes: [users.read]}\n"
                     "  - {method: GET, path: '/open', public: true}\n"
                     "  - {method: DELETE, path: '/users/{id}', scopes: [users.delete]}\n")
    server = new_server(http=True, flags=["--environment", "test", "--trusted-hops", "1", "--routes", table])
    proxy = new_proxy(server)
    token, _ = server.create_key("key", ["users.read"])
    lies = [("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/users/42"), ("X-Original-URI", "/users/42"),
            ("X-Original-Method", "GET"), ("X-Forwarded-Host", "api.example.com"), ("X-Forwarded-Proto", "https")]
    for headers in (bearer(token), bearer(token) + lies, bearer(token) + lies * 2):
        assert ask(proxy.port, "/users/42?a=b", headers).status == 200
        assert denied(proxy, "/users/42", headers, method="DELETE").status == 403
        assert denied(proxy, "/other", headers).status == 403
        assert denied(proxy, "/users/42", headers, host="else.example.com").status == 403
        assert denied(proxy, "/x/..;/users/42", headers).status in (400, 403)
    assert denied(proxy, "/users/42", lies).status == 401
    public = ask(proxy.port, "/open", [("X-Bitting-Key-Id", "admin"), ("Authorization", "Bearer admin")])
    assert public.status == 200 and not known(public)
    assert "admin" not in json.dumps(public.identity())


def test_a_client_cannot_say_where_it_is(server, proxy):
    here, _ = server.create_key("here", ["users.read"], network="127.0.0.0/8")
    away, _ = server.create_key("away", ["users.read"], network="192.0.2.0/24")
    lies = [("X-Forwarded-For", "192.0.2.7"), ("X-Real-IP", "192.0.2.7"), ("Forwarded", "for=192.0.2.7")]
    assert ask(proxy.port, "/users/42", bearer(here) + lies).status == 200
    assert denied(proxy, "/users/42", bearer(away) + lies).status == 401


def test_a_connection_header_takes_nothing_away_that_denies(server, proxy):
    token, _ = server.create_key("key", ["users.read"])
    names = "Authorization, X-Original-URI, X-Forwarded-Uri, X-Forwarded-Method"
    answer = ask(proxy.port, "/admin/x", bearer(token) + [("Connection", names)])
    assert answer.status in (401, 403)


def test_a_connection_header_takes_no_identity_away(server, proxy):
    token, key = server.create_key("key", ["users.read"], kind="personal", user="ann")
    whole = known(ask(proxy.port, "/users/42", bearer(token)))
    assert whole["x-bitting-key-id"] == [key["key_id"]] and whole["x-bitting-user-id"] == ["ann"]
    for names in (["X-Bitting-User-Id"], ["close", "keep-alive, x-bitting-key-id"], ["X-BITTING-SCOPES,close"]):
        answer = ask(proxy.port, "/users/42", bearer(token) + [("Connection", value) for value in names])
        assert answer.status == 400 or known(answer) == whole, names
        # It is for this connection alone: what is behind would drop them.
        assert answer.status == 400 or not any("bitting" in value.lower() for value in answer.upstream("connection"))


def test_another_spelling_of_a_path_asks_for_no_less(server, proxy):
    token, _ = server.create_key("key", ["orgs.read"])
    for target in ("/users", "/users/", "//users/42", "/%75sers/42", "/x/../users/42", "/./users/42",
                   "/x/..%2Fusers/42", "/x/%2e%2e/users/42", "/users%2F42"):
        assert denied(proxy, target, bearer(token)).status in (400, 403), target


def test_what_upstream_may_read_as_another_path_is_not_let_in(server, proxy):
    """The location that the proxy chooses is open, or asks for less, and upstream gets the path as it was written."""
    token, _ = server.create_key("key", ["users.read"])
    assert ask(proxy.port, "/health?next=//x/../y;z%2F").status == 200
    for target in ("//health", "/admin/../health", "/admin/%2e%2E/health", "/./health", "/health#/admin"):
        assert denied(proxy, target).status == 400, target
    for target in ("/admin/../users/42", "/users/../admin/x", "/users/%2e%2e/admin", "/users/..;/admin", "/users//admin",
                   "/users/%2E%2E%2Fadmin", "/users/%252e%252e/admin", "/users/%5c..%5cadmin", "/users/42%00"):
        assert denied(proxy, target, bearer(token)).status == 400, target


def test_an_upgrade_to_http2_goes_no_further(server, proxy):
    """Upstream would answer 101, and what comes then in the connection is a tunnel to the proxy."""
    token, _ = server.create_key("key", ["users.read"])
    for values in (["h2c"], ["H2C"], ["websocket", "h2c"], ["h2c", "websocket"], ["websocket,h2c"]):
        headers = [("Connection", "Upgrade, HTTP2-Settings"), ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")]
        headers += [("Upgrade", value) for value in values]
        for target in ("/users/42", "/health"):
            answer = ask(proxy.port, target, bearer(token) + headers)
            assert answer.status == 400 or not any("h2c" in value.lower() for value in answer.upstream("upgrade")), values


@pytest.mark.parametrize("new_proxy", [Nginx], ids=["nginx"], indirect=True)
def test_the_question_is_for_nginx_alone(server, proxy):
    token, _ = server.create_key("key", ["users.read"])
    assert denied(proxy, "/_bitting", bearer(token)).status == 404


def test_what_bitting_cannot_decide_is_denied(server, proxy):
    token, key = server.create_key("key", ["users.read"])
    assert ask(proxy.port, "/users/42", bearer(token)).status == 200
    server.stop()
    for target in ("/users/42", "/elsewhere"):
        assert denied(proxy, target, bearer(token)).status == proxy.unavailable
    server.listen[server.listen.index("--http") + 1] = proxy.http_address
    server.start()
    answer = ask(proxy.port, "/users/42", bearer(token))
    assert answer.status == 200 and answer.upstream("x-bitting-key-id") == [key["key_id"]]


def test_many_keys_side_by_side_get_each_its_own_answer(server, proxy):
    keys = [server.create_key(f"key {n}", ["users.read"] if n % 2 else ["orgs.read"]) for n in range(20)]

    def one(n):
        token, key = keys[n % len(keys)]
        answer = ask(proxy.port, "/users/42", bearer(token))
        return answer.status == 200 and answer.upstream("x-bitting-key-id") == [key["key_id"]] \
            if n % 2 else answer.status == 403

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(400)))


@pytest.mark.parametrize("new_proxy", [Nginx], ids=["nginx"], indirect=True)
def test_a_location_with_headers_of_its_own_is_guarded(server, proxy):
    token, key = server.create_key("key", ["orgs.read"])
    answer = ask(proxy.port, "/reports/1", bearer(token) + [("X-Bitting-Key-Id", "admin")])
    assert answer.status == 200 and answer.upstream("x-report") == ["yes"]
    assert answer.upstream("x-bitting-key-id") == [key["key_id"]] and not answer.upstream("authorization")


@pytest.mark.parametrize("new_proxy", [BrokenHaproxy], ids=["haproxy"], indirect=True)
def test_a_script_that_fails_lets_nobody_in(server, proxy):
    token, _ = server.create_key("key", ["users.read"])
    assert denied(proxy, "/users/42", bearer(token)).status == 503
