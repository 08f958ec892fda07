"""Stopping an organization of many keys is as small a write as stopping one of a single key, and the next check denies.

BITTING_OWNED_KEYS says how many keys the organization has, among ten times as many: 2,000 unless told; 100,000 is what
the project promises."""
import os
import statistics
import subprocess
import time

import pytest

import support

OWNED = int(os.environ.get("BITTING_OWNED_KEYS", "2000"))
ROUNDS = 40 if support.SLOW == 1 else 5
FILL = support.BUILD / "tests" / "fill_store"


def fill(data, keys, seed, *words):
    subprocess.run([FILL, "--data", data, "--keys", str(keys), "--seed", str(seed), *map(str, words)], check=True,
                   stderr=subprocess.DEVNULL)


def tokens(path):
    return path.read_text().split()


class House:
    def __init__(self, server, protos):
        self.protos = protos
        self.root = support.bearer(server.create_key("root", preset="full_access")[0])
        self.owners = protos.owner_grpc.OwnerServiceStub(server.guarded())
        self.checks = protos.check_grpc.CheckServiceStub(server.trusted())

    def reasons(self, some):
        questions = [self.protos.check.CheckScopeRequest(token=token, scopes=["users.read"], environment="test")
                     for token in some]
        answer = self.checks.BatchCheckScope(self.protos.check.BatchCheckScopeRequest(checks=questions))
        return {self.protos.check.Reason.Name(result.reason) for result in answer.results}

    def timed(self, method, org):
        """In milliseconds."""
        request = getattr(self.protos.owner, f"{method}Request")(org_id=org)
        began = time.perf_counter()
        getattr(self.owners, method)(request, metadata=self.root)
        return (time.perf_counter() - began) * 1000


@pytest.mark.parametrize("transport", ["grpc"], indirect=True)
def test_a_stop_takes_longer_the_more_keys_there_are_or_is_seen_late(new_server, protos, tmp_path):
    data = tmp_path / "data"
    fill(data, OWNED * 9, 1)
    fill(data, OWNED, 2, "--org", "many", "--tokens", tmp_path / "many")
    fill(data, 1, 3, "--org", "one", "--tokens", tmp_path / "one")
    house = House(new_server(), protos)
    many, one = tokens(tmp_path / "many"), tokens(tmp_path / "one")
    assert (len(many), len(one)) == (OWNED, 1)
    asked = {"many": many[:: max(1, OWNED // 500)] + many[-1:], "one": one}
    took = {(method, org): [] for method in ("StopOwner", "ResumeOwner") for org in asked}
    for _ in range(ROUNDS):
        for org, some in asked.items():
            for method, wanted in (("StopOwner", "REASON_OWNER_STOPPED"), ("ResumeOwner", "REASON_ALLOWED")):
                took[method, org].append(house.timed(method, org))
                assert house.reasons(some) == {wanted}
    for (method, org), times in took.items():
        print(f"{method} {org} ({len(many) if org == 'many' else 1} of {OWNED * 10 + 1} keys): median "
              f"{statistics.median(times):.2f} ms, {min(times):.2f} to {max(times):.2f}")
    for method in ("StopOwner", "ResumeOwner"):
        # The least of many is what the work itself takes, on whatever machine.
        assert min(took[method, "many"]) < 3 * min(took[method, "one"]) + 2, f"{method} takes longer with many keys"
