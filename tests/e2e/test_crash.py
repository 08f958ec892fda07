"""A server that is killed with kill -9 under 32 concurrent creators and revokers, over and over, and whose store
then loses what had not been synced (tests/crash/crash_shim.c): whatever a client was told is so afterwards.

BITTING_KILLS says how often; BITTING_SEED repeats a run's draws (not its timing)."""
import os
import random
import subprocess
import threading

import grpc
import pytest

import support

CALLERS = 32
KILLS = int(os.environ.get("BITTING_KILLS", "10"))
TOOLS = support.BUILD / "tests"
LONGEST_LIFE_S = 0.5
POWER_FAILURES = ["none", "all", "512", "4096"]


class Told:
    """What clients were told, by all lives of the server."""

    def __init__(self):
        self.lock = threading.Lock()
        self.token_of = {}  # by key id
        self.revoked = set()
        self.perhaps_revoked = set()  # asked for, and not answered


class Callers:
    """Create keys and revoke some of their own until the server is gone."""

    def __init__(self, server, protos, credential, told):
        self.protos, self.told = protos, told
        self.metadata = support.bearer(credential)
        self.stub = protos.key_grpc.KeyServiceStub(server.guarded())
        self.threads = [threading.Thread(target=self.call) for _ in range(CALLERS)]
        for thread in self.threads:
            thread.start()

    def call(self):
        key = self.protos.key
        try:
            for number in range(1 << 30):
                made = self.stub.CreateKey(key.CreateKeyRequest(name=f"key {number}", scopes=["users.read"]),
                                           metadata=self.metadata)
                with self.told.lock:
                    self.told.token_of[made.key.key_id] = made.token
                if number % 3 == 0:
                    self.revoke(made.key.key_id)
        except grpc.RpcError as error:
            assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), error

    def revoke(self, key_id):
        with self.told.lock:
            self.told.perhaps_revoked.add(key_id)
        self.stub.RevokeKey(self.protos.key.RevokeKeyRequest(key_id=key_id), metadata=self.metadata)
        with self.told.lock:
            self.told.perhaps_revoked.discard(key_id)
            self.told.revoked.add(key_id)

    def join(self):
        for thread in self.threads:
            thread.join()


def fail_power(journal, how, seed):
    """What crash_rollback says: writes and syncs that were seen, and how many writes were not synced."""
    done = subprocess.run([TOOLS / "crash_rollback", journal, how, str(seed)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.rpartition(" ")[2])


def check_told(server, protos, told, newest=None):
    """Asks about every key that was told, or the newest of them, a thousand at a time."""
    check = protos.check
    stub = protos.check_grpc.CheckServiceStub(server.trusted())
    keys = list(told.token_of.items())[-newest if newest else None:]
    for at in range(0, len(keys), 1000):
        part = keys[at:at + 1000]
        asked = [check.CheckScopeRequest(token=token, scopes=["users.read"], environment="test") for _, token in part]
        answers = stub.BatchCheckScope(check.BatchCheckScopeRequest(checks=asked)).results
        for (key_id, _), answer in zip(part, answers, strict=True):
            allowed = [check.REASON_ALLOWED] if key_id not in told.revoked else []
            revoked = [check.REASON_REVOKED] if key_id in told.revoked | told.perhaps_revoked else []
            assert answer.reason in allowed + revoked, f"{key_id}: {check.Reason.Name(answer.reason)}"
            assert answer.key_id == key_id


def kill_and_check(life, protos, credential, told, draw, journal):
    """One life of a server, which is started already; whether writes of it were not synced."""
    callers = Callers(life, protos, credential, told)
    threading.Event().wait(draw.uniform(0, LONGEST_LIFE_S))  # the moment of the kill
    life.process.kill()
    callers.join()
    life.kill()
    how = draw.choice(POWER_FAILURES)
    unsynced = fail_power(journal, how, draw.getrandbits(32))
    verified = life.cli("store", "verify")
    assert verified.returncode == 0, f"power failure {how}: {verified.stdout}{verified.stderr}"
    return unsynced > 0


@pytest.mark.skipif(not (TOOLS / "libcrash_shim.so").exists(), reason="sanitizers have to be loaded before all else")
def test_what_was_acknowledged_is_lost(tmp_path, new_server, protos):
    seed = int(os.environ.get("BITTING_SEED", random.SystemRandom().getrandbits(32)))
    print(f"BITTING_SEED={seed}")
    draw, told, journal = random.Random(seed), Told(), tmp_path / "journal"
    server = new_server()
    credential, _ = server.create_key("caller", preset="full_access")
    server.stop()
    unsynced = 0
    for _ in range(KILLS):
        journal.unlink(missing_ok=True)
        before = len(told.token_of)
        life = new_server(variables={"LD_PRELOAD": str(TOOLS / "libcrash_shim.so"), "CRASH_JOURNAL": str(journal)})
        unsynced += kill_and_check(life, protos, credential, told, draw, journal)
        made = len(told.token_of) - before
        server.start()
        check_told(server, protos, told, newest=made + 1)
        server.stop()
    server.start()
    check_told(server, protos, told)
    print(f"{KILLS} kills, {unsynced} of them with writes that were not synced; {len(told.token_of)} keys and "
          f"{len(told.revoked)} revocations were acknowledged, and all are there")
    assert told.token_of and told.revoked
