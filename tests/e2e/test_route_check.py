"""`bitting route check`: what it says, and that it says what the gate does."""
import json
import pathlib

import support

SHIPPED = pathlib.Path(support.ROOT) / "deploy/routes/backend-api.yaml"


def check(*words, routes=SHIPPED, **more):
    return support.run("route", "check", *words, "--routes", routes, variables={"XDG_STATE_HOME": "/nonexistent"}, **more)


def test_what_a_request_needs_is_explained():
    done = check("GET", "https://api.example.com/api/v1/users/42?x=1")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == ["needs:       users.read", "environment: the listener's",
                                            "resource:    user:42"]
    assert "shipped catalogue" in done.stderr
    assert "public" in check("GET", "/health").stdout
    assert "apikeys.validate or auth.validate_tokens" in check("POST", "/api/v1/keys/validate").stdout


def test_a_denial_is_told_apart_from_a_table_that_cannot_be_read(tmp_path):
    for words, why in ((("GET", "/api//v1"), "empty segment"), (("GET", "/nowhere"), "no route has this path"),
                       (("DELETE", "/health"), "not for this method"), (("get", "/health"), "upper-case"),
                       (("GET", "https://a b/health"), "host")):
        done = check(*words)
        assert done.returncode == 1 and why in done.stdout, words
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nroutes:\n- {method: GET, path: /x, scopes: users.raed}\n", encoding="utf-8")
    done = check("GET", "/x", routes=bad)
    assert done.returncode == 2 and "users.raed" in done.stderr and "line 3" in done.stderr
    assert check("GET", "/x", routes=tmp_path / "missing.yaml").returncode == 2
    assert support.run("route", "check", "GET", "/x").returncode == 2


def test_conditions_are_decided_on_the_body_that_is_given(tmp_path):
    def needs(body=None):
        words = ["PATCH", "/api/v1/users/42", "--json"]
        if body is not None:
            (tmp_path / "body.json").write_text(body, encoding="utf-8")
            words += ["--body", tmp_path / "body.json"]
        done = check(*words)
        assert done.returncode == 0, done.stderr
        return [need["scopes"] for need in json.loads(done.stdout)["needs"]]

    assert needs('{"name": 1}') == [["users.update"]]
    assert needs('{"email": 1}') == [["users.update"], ["users.update_email"]]
    assert len(needs()) == len(needs("not JSON")) == 5
