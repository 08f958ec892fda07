"""The HTTP listener: forward-auth, health and metrics. One transport of gRPC beside it is as good as the other."""
import http.client
import json
import re
import socket

import grpc
import pytest

import support

FAMILY = ["key-id", "kind", "name", "environment", "user-id", "org-id", "scopes", "metadata"]


@pytest.fixture
def transport():
    return "grpc"


@pytest.fixture
def server(new_server):
    return new_server(http=True, flags=["--environment", "test"])


def ask(server, path, headers=(), method="GET", body=None):
    """(status, headers as a list of pairs in lower case, body)."""
    connection = http.client.HTTPConnection(server.http_address, timeout=10)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, [(name.lower(), value) for name, value in answer.getheaders()], read


def forward(server, token=None, query="", headers=()):
    sent = ([("Authorization", f"Bearer {token}")] if token else []) + list(headers)
    return ask(server, f"/v1/forward-auth{query}", sent)


def test_an_allowed_request_names_its_key_and_every_header_of_the_family(server):
    token, key = server.create_key("pipe line", ["users.read", "orgs.read"])
    status, headers, body = forward(server, token, "?scope=users.read")
    assert status == 200 and body == b""
    named = dict(headers)
    assert named["x-bitting-key-id"] == key["key_id"]
    assert named["x-bitting-kind"] == "backend"
    assert named["x-bitting-environment"] == "test"
    assert named["x-bitting-name"] == "pipe%20line"
    assert re.split(r"[ ,]+", named["x-bitting-scopes"]) == ["users.read", "orgs.read"]
    for name in FAMILY:
        assert [header for header, _ in headers].count(f"x-bitting-{name}") == 1, name
    assert named["x-bitting-user-id"].strip() == ""


@pytest.mark.parametrize("query, status", [
    ("?scope=users.read", 200),
    ("?scope=users.read,orgs.read", 403),
    ("?scope=users.read,orgs.read&match=any", 200),
    ("?scope=users.delete", 403),
    ("?scope=users.read&environment=test", 200),
    ("?scope=users.read&environment=prod", 503),
    ("?scope=users.reed", 503),
    ("?scop=users.read", 503),
    ("?scope=", 503),
    ("?scope=users.read&scope=users.read", 503),
    ("?scope=users.read&match=some", 503),
    ("", 200),
])
def test_what_the_proxy_asks_for_decides(server, query, status):
    token, _ = server.create_key("key", ["users.read"])
    assert forward(server, token, query)[0] == status


def test_every_bad_credential_is_answered_alike(server):
    good, key = server.create_key("key", ["users.read"])
    wrong = good[:-1] + ("a" if good[-1] != "a" else "b")
    assert server.cli("key", "revoke", key["key_id"]).returncode == 0
    answers = [forward(server, token, "?scope=users.read")
               for token in (None, good, wrong, "x", "é".encode().decode("latin-1"))]
    answers.append(forward(server, good, "?scope=users.read", [("X-Api-Key", good)]))
    for status, headers, body in answers:
        assert status == 401
        assert dict(headers)["www-authenticate"] == "Bearer"
        assert body == answers[0][2] and json.loads(body)["error"] == "invalid_credential"
        assert not any(name.startswith("x-bitting") for name, _ in headers)


def test_a_missing_scope_is_named(server):
    token, _ = server.create_key("key", ["users.read"])
    status, headers, body = forward(server, token, "?scope=users.delete")
    assert status == 403 and json.loads(body)["error"] == "missing_scope"
    assert "users.delete" in body.decode() and "users.delete" in dict(headers)["www-authenticate"]


def test_two_tellings_of_one_fact_are_denied(server):
    token, _ = server.create_key("key", ["users.read"])
    told = [("X-Forwarded-Uri", "/a"), ("X-Original-URI", "/b")]
    assert forward(server, token, "", told)[0] in (401, 403)
    assert forward(server, token, "", [("X-Forwarded-Uri", "/a"), ("X-Forwarded-Uri", "/b")])[0] in (401, 403)
    assert forward(server, token, "", [("X-Forwarded-Uri", "/a"), ("X-Original-URI", "/a")])[0] == 200


@pytest.mark.parametrize("name, status", [
    ("X-Bitting-Other", 403), ("x_bitting_key_id", 403), ("X-Bitting_Key-Id", 403), ("x-bitting-", 403),
    ("X-Bitting-Key-Id", 200), ("x-bitting-metadata", 200), ("x-bittingness", 200)])
def test_a_header_that_no_proxy_would_overwrite_is_denied(server, name, status):
    token, _ = server.create_key("key", ["users.read"])
    assert forward(server, token, "", [(name, "admin")])[0] == status


def test_the_route_table_is_asked(new_server, tmp_path):
    table = tmp_path / "routes.yaml"
    table.write_text("version: 1\nroutes:\n"
                     "  - {method: GET, path: '/users/{id}', scopes: [users.read]}\n"
                     "  - {method: DELETE, path: '/users/{id}', scopes: [users.delete]}\n")
    server = new_server(http=True, flags=["--environment", "test", "--routes", table])
    token, _ = server.create_key("key", ["users.read"])

    def told(method, uri):
        return forward(server, token, "", [("X-Forwarded-Method", method), ("X-Forwarded-Uri", uri),
                                           ("X-Forwarded-Host", "api.example.com")])[0]

    assert told("GET", "/users/42?x=1") == 200
    assert told("DELETE", "/users/42") == 403
    assert told("GET", "/other") == 403
    assert told("GET", "/users/../users/42") in (401, 403)
    assert forward(server, token)[0] in (401, 403)


def test_networks_bind_a_key_by_the_forwarded_address(new_server):
    server = new_server(http=True, flags=["--environment", "test", "--trusted-hops", "1"])
    token, _ = server.create_key("key", ["users.read"], network="192.0.2.0/24")
    assert forward(server, token, "", [("X-Forwarded-For", "10.0.0.1, 192.0.2.7")])[0] == 200
    assert forward(server, token, "", [("X-Forwarded-For", "192.0.2.7, 10.0.0.1")])[0] == 401
    assert forward(server, token)[0] == 401


def test_health_and_readiness(server):
    assert ask(server, "/healthz")[0] == 200
    assert ask(server, "/readyz")[0] == 200
    status, headers, _ = ask(server, "/healthz", method="POST")
    assert status == 405 and ("allow", "GET, HEAD") in headers
    assert ask(server, "/nowhere")[0] == 404


def test_metrics_count_what_was_decided(server, protos):
    token, _ = server.create_key("key", ["users.read"])
    forward(server, token, "?scope=users.read")
    forward(server, token, "?scope=users.delete")
    stub = protos.check_grpc.CheckServiceStub(server.trusted())
    for _ in range(5):
        stub.CheckScope(protos.check.CheckScopeRequest(token=token, scopes=["users.read"]))
    with pytest.raises(grpc.RpcError):
        stub.CheckScope(protos.check.CheckScopeRequest(token=token, scopes=["users.raed"]))
    page = ask(server, "/metrics")[2].decode()
    assert 'bitting_decisions_total{reason="ALLOWED"} 6\n' in page
    assert 'bitting_decisions_total{reason="MISSING_SCOPE"} 1\n' in page
    labels = 'grpc_type="unary",grpc_service="bitting.v1.CheckService",grpc_method="CheckScope"'
    assert f'grpc_server_handled_total{{{labels},grpc_code="OK"}} 5\n' in page
    assert f'grpc_server_handled_total{{{labels},grpc_code="InvalidArgument"}} 1\n' in page
    assert f'grpc_server_handling_seconds_count{{{labels}}} 6\n' in page
    assert f"grpc_server_started_total{{{labels}}} 6\n" in page
    assert f"grpc_server_msg_received_total{{{labels}}} 6\n" in page
    assert f"grpc_server_msg_sent_total{{{labels}}} 5\n" in page
    assert "bitting_keys 1\n" in page
    buckets = [int(count) for count in re.findall(r'_bucket\{[^}]*CheckScope"[^}]*\} (\d+)', page)]
    assert buckets == sorted(buckets) and buckets[-1] == 6
    for line in page.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|[a-z_]+(\{[^}]*\})? [0-9.e+-]+', line), line
    assert token not in page


def commits(server):
    """(commits, changes in them, seconds of all of them, counts of the buckets)."""
    page = ask(server, "/metrics")[2].decode()
    number = dict(line.rsplit(" ", 1) for line in page.splitlines() if line[0] != "#")
    buckets = [int(count) for count in re.findall(r'bitting_commit_seconds_bucket\{le="[^"]+"\} (\d+)', page)]
    return (int(number["bitting_commit_seconds_count"]), int(number["bitting_commit_changes_total"]),
            float(number["bitting_commit_seconds_sum"]), buckets)


def test_metrics_time_the_commits_of_the_server(server, protos):
    token, _ = server.create_key("caller", ["apikeys.create", "users.read"])
    assert commits(server)[:3] == (0, 0, 0), "a command's commit, which is not the server's"
    stub = protos.key_grpc.KeyServiceStub(server.guarded())
    calls = [stub.CreateKey.future(protos.key.CreateKeyRequest(name=f"key {n}", scopes=["users.read"]),
                                   metadata=support.bearer(token)) for n in range(20)]
    for call in calls:
        call.result()
    count, changes, seconds, buckets = commits(server)
    assert changes == 20 and 1 <= count <= 20 and seconds > 0
    assert buckets == sorted(buckets) and buckets[-1] == count


def test_bytes_that_are_no_http_leave_the_server_well(server):
    host, port = server.http_address.rsplit(":", 1)
    for junk in (b"\x00" * 100, b"GET /v1/forward-auth HTTP/1.1\r\n" + b"a: b\r\n" * 20000 + b"\r\n",
                 b"GET " + b"/" * 300000 + b" HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(junk[:200000])
            connection.settimeout(5)
            try:
                answer = connection.recv(64)
            except (ConnectionError, TimeoutError):
                answer = b""
            assert not answer.startswith(b"HTTP/1.1 200"), junk[:20]
    assert ask(server, "/healthz")[0] == 200


def test_off_loopback_is_refused_unless_told(tmp_path):
    done = support.run("serve", "--data", tmp_path / "data", "--grpc", "none", "--http", "0.0.0.0:0")
    assert done.returncode != 0 and "0.0.0.0" in done.stderr
