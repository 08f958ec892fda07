"""Random questions, asked of a server and of the model of key_model.py."""
from key_model import NEVER, Question, Reason
from model_driver import CLIENTS, RESOURCES, milliseconds

JUNK = ("", "x", "Bearer ", "no token of anybody", "bt_test_", "bt_test_" + "A" * 49, "bt_prod_" + "z" * 49,
        "sk-00000fff")


class Questions:
    def __init__(self, driver):
        self.driver, self.random = driver, driver.random

    def token(self):
        chance, driver = self.random.random(), self.driver
        token = self.random.choice(list(driver.recent) or JUNK)
        if chance < 0.9:
            newest = list(driver.recent)[-3:]
            return self.random.choice(newest) if newest and chance < 0.45 else driver.token()
        if chance < 0.93:
            return self.random.choice(sorted(driver.model.strangers))
        if chance < 0.97:
            return self.random.choice(JUNK)
        at = self.random.randrange(len(token)) if token else 0
        # Always another letter, so that a seed means the same run whatever the tokens are.
        return token[:at] + ("Z" if token[at:at + 1] == "a" else "a") + token[at + 1:]

    def question(self, validate=False):
        random, token = self.random, self.token()
        key = self.driver.model.tokens.get(token)
        environment = key.environment if key and random.random() < 0.95 else random.choice(("test", "prod"))
        held = self.driver.model.held(key) if key else 0
        needed = sum(1 << random.randrange(63) for _ in range(random.randint(1, 3)) if random.random() < 0.3)
        if random.random() < 0.7:
            needed |= held & self.driver.mask() & self.driver.mask() or held & -held
        if random.random() < 0.1:
            token = "Bearer " + token
        return Question(token, environment, 0 if validate else needed & ((1 << 63) - 1) or 1,
                        not validate and random.random() < 0.3,
                        tuple(random.sample((1, 2, 3, 4), random.randint(1, 3))) if random.random() < 0.2 else (),
                        random.choice(CLIENTS), random.choice(RESOURCES),
                        self.driver.mask() if not validate and random.random() < 0.2 else None)

    def check_request(self, question):
        names = self.driver.names
        by_name = [names[bit] for bit in names if question.needed >> bit & 1 and self.random.random() < 0.5]
        by_bits = question.needed & ~sum(1 << bit for bit in names if names[bit] in by_name)
        # Whoever asks by a name that a scope had is understood.
        by_name += [name for name, bit in self.driver.former.items() if question.needed >> bit & 1][:3]
        requested = {} if question.requested is None else {"requested_scope_mask": question.requested,
                                                          "check_requested": True}
        return self.driver.protos.check.CheckScopeRequest(
            token=question.token, environment=question.environment, scopes=by_name, scope_mask=by_bits,
            match=2 if question.any else self.random.choice((0, 1)), resource=question.resource,
            accepted_kinds=question.kinds, client_ip=question.client, **requested)

    def batch(self, count):
        driver, now = self.driver, self.driver.clock.now_ms
        questions = [self.question() for _ in range(count)]
        requests = [self.check_request(question) for question in questions]
        if count == 1:
            answers = [driver.stubs.checks.CheckScope(requests[0])]
        else:
            answers = driver.stubs.checks.BatchCheckScope(
                driver.protos.check.BatchCheckScopeRequest(checks=requests)).results
        assert len(answers) == count
        for question, answer in zip(questions, answers):
            self.compare(question, answer, driver.model.ask(question, now))
        driver.done["check"] += count

    def compare(self, question, answer, wanted):
        names, key, known = self.driver.names, wanted.key, wanted.key is not None
        said = (Reason(answer.reason), answer.allowed, answer.key_id, answer.scope_mask, answer.missing_mask,
                answer.denied_by, list(answer.missing_scopes), milliseconds(answer.expires_at, NEVER))
        right = (wanted.reason, wanted.reason == Reason.ALLOWED, key.key_id if known else "", wanted.held,
                 wanted.missing, wanted.layer, [names[bit] for bit in sorted(names) if wanted.missing >> bit & 1],
                 key.expires if known else NEVER)
        assert said == right, f"{question}\nthe server says {said}\nthe model says {right}\n{key}"
        self.driver.reasons[wanted.reason.name] += 1

    def validate(self):
        driver, question = self.driver, self.question(validate=True)
        wanted = driver.model.ask(question, driver.clock.now_ms)
        answer = driver.stubs.checks.Validate(driver.protos.check.ValidateRequest(
            token=question.token, environment=question.environment, accepted_kinds=question.kinds,
            client_ip=question.client))
        assert (Reason(answer.reason), answer.valid, answer.HasField("key")) == (
            wanted.reason, wanted.reason == Reason.ALLOWED, wanted.reason == Reason.ALLOWED), f"{question}\n{wanted}"
        if answer.valid:
            seen, key = answer.key, wanted.key
            assert (seen.key_id, seen.kind, seen.scope_mask, seen.metadata, milliseconds(seen.expires_at, NEVER)) == (
                key.key_id, key.kind, wanted.held, key.metadata, key.expires)
        driver.done["validate"] += 1
