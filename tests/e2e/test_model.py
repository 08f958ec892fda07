"""A server against a model of it: random changes, questions, moves of its clock and restarts; no disagreement.

  BITTING_MODEL_SEED        the seed of another run, which a failure tells
  BITTING_MODEL_OPERATIONS  how many operations (20,000 unless told)

A long run, by itself:

  BITTING_MODEL_OPERATIONS=1000000 BITTING_BINARY=build/release/src/bitting BITTING_BUILD=build/release \\
      tests/e2e/run -s tests/e2e/test_model.py
"""
import os
import random

import pytest

from model_administrator import Administrator
from model_driver import Driver
from model_questions import Questions
from moved_clock import SHIM, MovedClock

OPERATIONS = int(os.environ.get("BITTING_MODEL_OPERATIONS", 20000))
SEED = int(os.environ.get("BITTING_MODEL_SEED", 0)) or random.SystemRandom().randrange(1, 2 ** 32)
RESTARTS = 5

pytestmark = [pytest.mark.skipif(not SHIM.exists(), reason="no shim is preloaded into a sanitized program"),
              pytest.mark.parametrize("transport", ["grpc"], indirect=True)]


@pytest.fixture
def strangers(new_server):
    """Tokens of another store: of our shape, and of no key here."""
    other = new_server("other")
    other.cli("env", "add", "prod")
    made = [other.create_key(env=env)[0] for env in ("test", "prod")]
    other.stop()
    return made


def one_change(driver, weights):
    change, = driver.random.choices(list(weights), list(weights.values()))
    change()


def weights_of(driver, administrator):
    def owner(what, method, both=False):
        return lambda: driver.change_owner(what, method, both)
    return {driver.create: 12, driver.update: 8, driver.rotate: 3, driver.revoke: 3, driver.import_keys: 2,
            owner("stop", "StopOwner"): 2, owner("resume", "ResumeOwner"): 3, owner("delete", "DeleteOwner"): 0.4,
            owner("stop", "EndMembership", True): 2, owner("resume", "ResumeMembership", True): 2,
            administrator.set_rules: 0.2, administrator.set_creator_rule: 0.1, administrator.change_catalogue: 0.25,
            administrator.purge: 0.2, administrator.forget_pepper: 0.03, driver.move_clock: 5}


def run(driver):
    questions, weights = Questions(driver), weights_of(driver, Administrator(driver))
    restarts = 1
    while driver.done.total() < OPERATIONS:
        one_change(driver, weights)
        for _ in range(driver.random.choice((0, 1, 2))):
            questions.batch(driver.random.choice((1, 3, 8)))
        if driver.random.random() < 0.3:
            questions.validate()
        if driver.done.total() >= restarts * OPERATIONS / (RESTARTS + 1):
            restarts += 1
            driver.restart()
            driver.same_keys()
    driver.same_keys()
    verified = driver.server.cli("store", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_server_says_what_the_rules_say_whatever_has_happened(new_server, protos, tmp_path, strangers):
    print(f"BITTING_MODEL_SEED={SEED} BITTING_MODEL_OPERATIONS={OPERATIONS}")
    clock = MovedClock(tmp_path / "clock")
    server = new_server(variables=clock.variables)
    driver = Driver(server, clock, protos, random.Random(SEED))
    driver.begin(strangers)
    try:
        run(driver)
    except BaseException:
        print(f"after {driver.done.total()} operations, the last of which:\n  " + "\n  ".join(driver.last))
        raise
    print(f"done: {dict(driver.done)}\nrefused: {dict(driver.refused)}\nanswered: {dict(driver.reasons)}")
    # A run in which something never happened would show nothing of it.
    if OPERATIONS >= 5000:
        assert len(driver.reasons) == 12, driver.reasons
        assert len(driver.refused) >= 5, driver.refused
