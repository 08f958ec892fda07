"""ext_authz behind real Envoy."""
import concurrent.futures
import itertools
import json
import socket
import subprocess
import threading
import time

import pytest

import envoy_proxy
import support
from envoy_proxy import ask, route

if not envoy_proxy.BINARY.exists():
    pytest.skip("the Envoy of this machine's architecture is not on PyPI", allow_module_level=True)

SPOOFED = ["key-id", "kind", "name", "environment", "user-id", "org-id", "scopes", "metadata"]
ROUTES = [route("/users", scope="users.read"), route("/orgs", scope="orgs.read,orgs.create", match="any"),
          route("/staging", environment="staging"), route("/typo", scopes="users.read"),
          route("/unknown", scope="users.raed"), route("/")]


@pytest.fixture
def new_envoy(tmp_path):
    """new_envoy(server, **fields of ext_authz) gives a running Envoy."""
    running = []

    def make(server, routes=ROUTES, guarded=False, **more):
        where = server.guarded_address if guarded else server.trusted_address
        running.append(envoy_proxy.Envoy(tmp_path / f"envoy{len(running)}", where, routes, **more))
        return running[-1]

    yield make
    for envoy in running:
        envoy.stop()


@pytest.fixture
def server(new_server):
    return new_server(flags=["--environment", "test"])


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


def test_allow_401_and_403(server, new_envoy):
    token, key = server.create_key("pipeline é", ["users.read"])
    envoy = new_envoy(server)
    allowed = ask(envoy.port, "/users/42?x=1", bearer(token))
    assert allowed.status == 200 and allowed.json()["path"] == "/users/42?x=1"
    assert allowed.identity() == {"x-bitting-key-id": [key["key_id"]], "x-bitting-kind": ["backend"],
                                  "x-bitting-name": ["pipeline%20%C3%A9"], "x-bitting-environment": ["test"],
                                  "x-bitting-scopes": ["users.read"]}
    assert not allowed.upstream("authorization") and token not in allowed.body.decode()
    for headers in ([], bearer("junk"), bearer(token + "x"), [("Authorization", "Basic dTpw")]):
        denied = ask(envoy.port, "/users/42", headers)
        assert denied.status == 401 and denied.header("www-authenticate") == ["Bearer"]
        assert denied.header("content-type") == ["application/json"]
        assert denied.json() == {"error": "invalid_credential", "message": "a valid API key is needed"}
    denied = ask(envoy.port, "/orgs", bearer(token))
    assert denied.status == 403 and denied.json()["error"] == "missing_scope"
    assert "orgs.read, orgs.create" in denied.json()["message"]
    assert ask(envoy.port, "/", [("x-api-key", token)]).status == 200
    assert not ask(envoy.port, "/", [("X-API-Key", token)]).upstream("x-api-key")
    server.cli("key", "revoke", key["key_id"])
    assert ask(envoy.port, "/users/42", bearer(token)).status == 401


@pytest.mark.parametrize("raw", [False, True], ids=["headers", "header_map"])
def test_nothing_that_a_client_sends_is_taken_for_an_identity(server, new_envoy, raw):
    token, key = server.create_key("pipeline", ["users.read"])
    envoy = new_envoy(server, encode_raw_headers=raw)
    true = {"x-bitting-key-id": [key["key_id"]], "x-bitting-kind": ["backend"], "x-bitting-name": ["pipeline"],
            "x-bitting-environment": ["test"], "x-bitting-scopes": ["users.read"]}
    spellings = [str.lower, str.upper, str.title, lambda name: name.replace("-", "_")]
    for spell, count in itertools.product(spellings, (1, 2, 5)):
        spoofed = [(spell(f"x-bitting-{name}"), f"admin{n}") for name in SPOOFED for n in range(count)]
        spoofed += [(spell("x-bitting-made-up"), "admin"), (spell("x-bitting-"), "admin")]
        assert ask(envoy.port, "/users", bearer(token) + spoofed).identity() == true, (spell("x-b"), count)
        assert ask(envoy.port, "/users", spoofed).status == 401


@pytest.mark.parametrize("raw", [False, True], ids=["headers", "header_map"])
def test_several_credentials_are_denied(server, new_envoy, raw):
    token, _ = server.create_key("pipeline", ["users.read"])
    other, _ = server.create_key("other", ["users.read"])
    envoy = new_envoy(server, encode_raw_headers=raw, failure_mode_allow=True)
    one, two = f"Bearer {token}", f"Bearer {other}"
    for headers in ([("Authorization", one), ("Authorization", one)], [("Authorization", one), ("authorization", two)],
                    [("Authorization", f"{one}, {two}")], [("Authorization", one), ("x-api-key", token)],
                    [("x-api-key", token), ("x-api-key", other)], [("x-api-key", f"{token},{other}")],
                    [("Authorization", ""), ("x-api-key", token)], [("Authorization", f"{one} x")]):
        assert ask(envoy.port, "/users", headers).status == 401, headers
    assert ask(envoy.port, "/users", [("Authorization", f"bEARER  {token}")]).status == 200
    assert ask(envoy.port, "/users", [("Authorization", token)]).status == 200
    assert ask(envoy.port, "/users", [("Authorization", one + "\xff")]).status == 401


def test_over_http2(server, new_envoy):
    token, key = server.create_key("pipeline", ["users.read"])
    envoy = new_envoy(server)

    def curl(*words):
        done = subprocess.run(
            ["curl", "-sS", "--http2-prior-knowledge", "-w", "\n%{http_code}", f"http://127.0.0.1:{envoy.port}/users",
             *words], capture_output=True, text=True, timeout=30, check=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    status, body = curl("-H", f"authorization: Bearer {token}", "-H", "x-bitting-user-id: admin", "-H",
                        "x-bitting-key-id: admin", "-H", "x-bitting-key-id: root")
    seen = dict(json.loads(body)["headers"])
    assert status == 200 and seen["x-bitting-key-id"] == key["key_id"] and "x-bitting-user-id" not in seen
    assert "authorization" not in seen
    assert curl()[0] == 401
    assert curl("-H", "authorization: Bearer junk")[0] == 401
    assert curl("-H", f"authorization: Bearer {token}", "-H", f"authorization: Bearer {token}")[0] == 401


def test_what_goes_wrong_in_the_server_is_never_let_in(server, new_envoy):
    """Under failure_mode_allow an RPC error is a way in, so nothing may become one."""
    token, _ = server.create_key("pipeline", ["users.read"])
    envoy = new_envoy(server, failure_mode_allow=True)
    assert ask(envoy.port, "/typo", bearer(token)).status == 503
    assert ask(envoy.port, "/unknown", bearer(token)).status == 503
    assert ask(envoy.port, "/staging", bearer(token)).status == 503
    assert ask(envoy.port, "/users").status == 401
    assert ask(envoy.port, "/users", bearer("x" * 50000)).status == 401
    assert ask(envoy.port, "/users?" + "q" * 50000).status == 401
    assert ask(envoy.port, "/users", [(f"h{n}", "v") for n in range(90)]).status == 401
    assert ask(envoy.port, "/users", bearer(token) + [(f"h{n}", "v") for n in range(80)]).status == 200
    assert "is not in the catalogue" in server.log() or "it may say scope" in server.log()


def test_an_outage_is_denied_unless_the_operator_wants_it_open(server, new_envoy):
    token, _ = server.create_key("pipeline", ["users.read"])
    closed, opened = new_envoy(server), new_envoy(server, failure_mode_allow=True, failure_mode_allow_header_add=True)
    assert ask(closed.port, "/users", bearer(token)).status == 200
    server.stop()
    assert ask(closed.port, "/users", bearer(token)).status == 403
    let_in = ask(opened.port, "/users", bearer(token))
    assert let_in.status == 200 and let_in.upstream("x-envoy-auth-failure-mode-allowed") == ["true"]


def test_the_callers_own_key(server, new_envoy):
    token, _ = server.create_key("pipeline", ["users.read"])
    guard, guard_key = server.create_key("gateway", preset="validation_only")
    weak, _ = server.create_key("weak", ["users.read"])
    envoy = new_envoy(server, guarded=True, authorization=guard, failure_mode_allow=True)
    for credential in ("", "junk", weak):
        other = new_envoy(server, guarded=True, authorization=credential, failure_mode_allow=True)
        assert ask(other.port, "/users", bearer(token)).status == 503
    assert ask(envoy.port, "/users", bearer(token)).status == 200
    assert ask(envoy.port, "/users").status == 401
    server.cli("key", "revoke", guard_key["key_id"])
    assert ask(envoy.port, "/users", bearer(token)).status == 503


def test_saying_that_nothing_was_decided(new_server, new_envoy, tmp_path):
    table = tmp_path / "routes.yaml"
    table.write_text("version: 1\nroutes:\n- {method: GET, path: '/{what}', scopes: [], resource: 'thing:{what}'}\n",
                     encoding="utf-8")
    server = new_server(flags=["--environment", "test", "--ext-authz-errors", "--routes", table])
    token, _ = server.create_key("pipeline", ["users.read"])
    guard, guard_key = server.create_key("gateway", preset="validation_only")
    routes = [*ROUTES[:-1], route("/one", resource="thing:one"), ROUTES[-1]]
    more = {"guarded": True, "authorization": guard, "routes": routes}
    closed = new_envoy(server, **more)
    opened = new_envoy(server, failure_mode_allow=True, manager={
        "common_http_protocol_options": {"max_headers_count": 1000}}, **more)
    assert ask(closed.port, "/one", bearer(token)).status == 200
    # Nothing that a request says, or that the configuration says wrong, makes it one.
    assert ask(opened.port, "/one_more").status == 503
    assert ask(opened.port, "/unknown", bearer(token)).status == 503
    assert ask(opened.port, "/typo", bearer(token)).status == 503
    assert ask(opened.port, "/one", [(f"h{n}", "v") for n in range(600)]).status == 503
    assert ask(opened.port, "/one", bearer("junk")).status == 401
    server.cli("key", "revoke", guard_key["key_id"])
    assert ask(closed.port, "/one", bearer(token)).status == 503
    assert ask(opened.port, "/one", bearer(token)).status == 200


def test_a_key_in_the_query(new_server, new_envoy):
    server = new_server(flags=["--environment", "test", "--credential-parameter", "api_key"])
    token, _ = server.create_key("pipeline", ["users.read"])
    envoy = new_envoy(server)
    allowed = ask(envoy.port, f"/users?b=2&api_key={token}&a=1")
    assert allowed.status == 200 and allowed.json()["path"] == "/users?a=1&b=2"
    assert ask(envoy.port, "/users?b=2&a=1", bearer(token)).json()["path"] == "/users?b=2&a=1"
    for query in (f"api%5fkey={token}", f"api_key={token}&api_key={token}", f"api_key={token}&api%5Fkey=x"):
        assert ask(envoy.port, f"/users?{query}").status == 401, query


def test_hidden_headers_are_removed_all_the_same(server, new_envoy):
    token, key = server.create_key("pipeline", ["users.read"])
    envoy = new_envoy(server, allowed_headers={"patterns": [{"exact": "authorization"}]})
    seen = ask(envoy.port, "/users", bearer(token) + [(f"x-bitting-{name}", "admin") for name in SPOOFED])
    assert set(seen.identity()) == {"x-bitting-key-id", "x-bitting-kind", "x-bitting-name", "x-bitting-environment",
                                    "x-bitting-scopes"}
    assert seen.identity()["x-bitting-key-id"] == [key["key_id"]]


def test_facts_reach_the_access_log(server, new_envoy):
    names = ["decision", "reason", "key_id", "kind", "name", "environment", "scopes"]
    log_format = {name: f"%DYNAMIC_METADATA(envoy.filters.http.ext_authz:{name})%" for name in names}
    token, key = server.create_key("pipeline", ["users.read"])
    envoy = new_envoy(server, log_format=log_format)
    ask(envoy.port, "/users", bearer(token))
    ask(envoy.port, "/orgs", bearer(token))
    ask(envoy.port, "/users")
    lines = sorted(envoy.logged(3), key=lambda line: str(line["decision"]))
    assert [line["decision"] for line in lines] == ["allowed", "invalid_credential", "missing_scope"]
    assert [line["reason"] for line in lines] == ["ALLOWED", "MALFORMED_TOKEN", "MISSING_SCOPE"]
    assert lines[0]["key_id"] == lines[2]["key_id"] == key["key_id"] and lines[1]["key_id"] is None
    assert (lines[0]["kind"], lines[0]["name"], lines[0]["environment"]) == ("backend", "pipeline", "test")
    assert lines[0]["scopes"] == ["users.read"]


def test_a_connection_that_is_no_http_is_denied(server, new_envoy):
    """The network filter sends no request.http."""
    tcp = {"name": "envoy.filters.network.tcp_proxy", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "tcp",
        "cluster": "upstream"}}
    guard = {"name": "envoy.filters.network.ext_authz", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.ext_authz.v3.ExtAuthz", "stat_prefix": "tcp",
        "transport_api_version": "V3", "failure_mode_allow": True,
        "grpc_service": {"envoy_grpc": {"cluster_name": "bitting"}, "timeout": "5s"}}}
    token, _ = server.create_key("pipeline", ["users.read"])
    envoy = new_envoy(server, tcp_filters=[guard, tcp])
    with socket.create_connection(("127.0.0.1", envoy.tcp_port), 10) as connection:
        connection.settimeout(10)
        try:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert connection.recv(100) == b""
        except ConnectionError:
            pass
    assert envoy.upstream.asked == 0
    assert ask(envoy.port, "/users", bearer(token)).status == 200


def test_a_thousand_at_a_time_each_get_their_own_answer(server, new_envoy):
    scopes = [["users.read"], ["orgs.read"], ["users.read", "orgs.create"], []]
    keys = [server.create_key(f"key{n}", scopes[n % 4]) for n in range(40)]
    envoy = new_envoy(server)

    def check(n):
        token, key = keys[n % 40]
        path = ("/users", "/orgs", "/")[n % 3]
        held = scopes[n % 40 % 4]
        good = path == "/" or (path == "/users" and "users.read" in held) or \
            (path == "/orgs" and any(name.startswith("orgs") for name in held))
        answer = ask(envoy.port, path, bearer(token if n % 7 else token[:-1] + "x"))
        if n % 7 == 0 and token[-1] != "x":
            assert answer.status == 401, n
        else:
            assert answer.status == (200 if good else 403), n
        if answer.status == 200:
            assert answer.identity()["x-bitting-key-id"] == [key["key_id"]]

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        list(pool.map(check, range(1000)))


def test_no_wrong_answer_while_the_server_is_drained_and_started_again(new_server, new_envoy):
    server = new_server(flags=["--environment", "test", "--drain", "5s"])
    good, key = server.create_key("good", ["users.read"])
    bad, _ = server.create_key("bad", ["orgs.read"])
    envoy = new_envoy(server)
    prefix = "" if server.transport == "grpc" else f"{server.transport}:"
    server.listen = ["--grpc", "none", "--grpc-trusted", f"{prefix}{server.trusted_address}"]
    over, counts, wrong = threading.Event(), {}, []

    def load(token, allowed):
        while not over.is_set():
            answer = ask(envoy.port, "/users", bearer(token))
            counts[(token, answer.status)] = counts.get((token, answer.status), 0) + 1
            if answer.status == 200 and (not allowed or answer.identity()["x-bitting-key-id"] != [key["key_id"]]):
                wrong.append(answer)

    threads = [threading.Thread(target=load, args=pair) for pair in [(good, True), (bad, False), ("junk", False)] * 2]
    for thread in threads:
        thread.start()
    for _ in range(4):
        before = counts.get((good, 200), 0)
        deadline = time.monotonic() + 60
        while counts.get((good, 200), 0) < before + 20:
            assert time.monotonic() < deadline, counts
            time.sleep(0.01)
        server.stop()
        server.start()
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert {status for token, status in counts if token == good} <= {200, 403}
    assert {status for token, status in counts if token == bad} == {403}
    assert {status for token, status in counts if token == "junk"} <= {401, 403}


def test_the_demo_shows_what_it_says():
    done = subprocess.run([support.ROOT / "deploy/envoy/demo"], capture_output=True, text=True, timeout=120,
                          env={**support.clean_environment(), "BITTING_BINARY": support.BINARY,
                               "ENVOY": str(envoy_proxy.BINARY)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line[:3] for line in done.stdout.splitlines() if line[:3].isdigit()] == \
        ["200", "401", "401", "403", "403", "200", "403", "403"]
