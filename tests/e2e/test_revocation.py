"""A revocation that was acknowledged is seen by the very next check, on any connection, in any process.

BITTING_INTERLEAVINGS says how many keys are made, checked, revoked and checked again, by many at a time:
4000 unless told; 100000 is what the project promises."""
import collections
import json
import multiprocessing
import os
import threading
import time

import pytest

import support

INTERLEAVINGS = int(os.environ.get("BITTING_INTERLEAVINGS", "4000")) // support.SLOW
HANDS = 8  # who revoke, each over a connection of its own
BY_COMMAND = 250  # every so many revocations is made by the command line, in a process of its own
CHECKS = 3  # connections that check after each


def check_service(address):
    """A stub, and the module of its messages, over a connection of its own."""
    import grpc
    from bitting.v1 import check_pb2, check_pb2_grpc
    channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
    return check_pb2_grpc.CheckServiceStub(channel), check_pb2


def other_process(path, address, pipes):
    """Checks every token that comes through a pipe, at once, and says what it was told."""
    import sys
    sys.path.insert(0, path)

    def serve(pipe):
        checks, messages = check_service(address)
        while (token := pipe.recv()) is not None:
            question = messages.CheckScopeRequest(token=token, scope_mask=1, environment="test")
            pipe.send(checks.CheckScope(question).reason)

    threads = [threading.Thread(target=serve, args=(pipe,)) for pipe in pipes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Watch:
    """Asks about one key over and over, and notes each answer that was asked for after the revocation was
    acknowledged and says yes."""

    def __init__(self, address):
        self.checks, messages = check_service(address)
        self.question = messages.CheckScopeRequest(scope_mask=1, environment="test")
        self.token, self.acknowledged, self.over = "", True, False
        self.stale, self.before, self.after = [], 0, 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over:
            token, acknowledged = self.token, self.acknowledged
            if not token:
                time.sleep(0.001)
                continue
            self.question.token = token
            allowed = self.checks.CheckScope(self.question).allowed
            if token != self.token:
                continue
            if acknowledged and allowed:
                self.stale.append(token)
            self.before += not acknowledged
            self.after += acknowledged


class Hand:
    """Makes keys and revokes them, and looks after each revocation."""

    def __init__(self, number, server, protos, root, pipe, count):
        self.number, self.server, self.protos, self.root, self.pipe = number, server, protos, root, pipe
        self.count = count
        self.keys = protos.key_grpc.KeyServiceStub(server.guarded())
        self.checks = [check_service(server.trusted_address)[0] for _ in range(CHECKS)]
        self.watch = Watch(server.trusted_address)
        self.reasons = collections.Counter()
        self.failure = None

    def ask(self, checks, token):
        question = self.protos.check.CheckScopeRequest(token=token, scope_mask=1, environment="test")
        return checks.CheckScope(question).reason

    def revoke(self, i, key_id):
        if i % BY_COMMAND == self.number:
            done = self.server.cli("key", "revoke", key_id)
            assert done.returncode == 0, done.stderr
        else:
            self.keys.RevokeKey(self.protos.key.RevokeKeyRequest(key_id=key_id), metadata=self.root)

    def interleave(self, i):
        made = self.keys.CreateKey(self.protos.key.CreateKeyRequest(name="k", scope_mask=1), metadata=self.root)
        first = self.checks[i % CHECKS]
        assert self.ask(first, made.token) == self.protos.check.REASON_ALLOWED
        self.watch.acknowledged, self.watch.token = False, made.token
        self.revoke(i, made.key.key_id)
        self.watch.acknowledged = True
        self.pipe.send(made.token)
        for checks in self.checks:
            self.reasons[self.ask(checks, made.token)] += 1
        self.reasons[self.pipe.recv()] += 1
        if i % BY_COMMAND == self.number:
            done = self.server.cli("check", "--env", "test", "--scope", "users.read", "--json", token=made.token)
            assert done.returncode == 1 and json.loads(done.stdout)["reason"] == "REASON_REVOKED", done.stdout

    def run(self):
        self.watch.thread.start()
        try:
            for i in range(self.count):
                self.interleave(i)
        except BaseException as error:
            self.failure = error
        self.watch.over = True
        self.watch.thread.join()
        self.pipe.send(None)


@pytest.fixture
def hands(server, protos):
    """Hands with their counterparts in another process."""
    root = support.bearer(server.create_key("root", preset="full_access")[0])
    pipes = [multiprocessing.get_context("spawn").Pipe() for _ in range(HANDS)]
    path = os.path.dirname(os.path.dirname(os.path.dirname(protos.check.__file__)))
    process = multiprocessing.get_context("spawn").Process(
        target=other_process, args=(path, server.trusted_address, [theirs for _, theirs in pipes]))
    process.start()
    yield [Hand(number, server, protos, root, ours, INTERLEAVINGS // HANDS)
           for number, (ours, _) in enumerate(pipes)]
    process.join(30 * support.SLOW)
    assert process.exitcode == 0


def test_no_check_after_a_revocation_is_answered_from_before_it(hands, protos):
    threads = [threading.Thread(target=hand.run) for hand in hands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for hand in hands:
        if hand.failure:
            raise hand.failure
    reasons = sum((hand.reasons for hand in hands), collections.Counter())
    assert reasons == {protos.check.REASON_REVOKED: INTERLEAVINGS // HANDS * HANDS * (CHECKS + 1)}
    assert not [token for hand in hands for token in hand.watch.stale]
    assert sum(hand.watch.before for hand in hands) and sum(hand.watch.after for hand in hands)
    print("interleavings", INTERLEAVINGS, "watched before", sum(hand.watch.before for hand in hands), "after",
          sum(hand.watch.after for hand in hands))
