"""Random operations on a server and on the model of key_model.py, side by side."""
import collections
import ipaddress

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

import support
from key_model import BACKEND, HASHES, IMPORT, NEVER, ORG, PEPPER, PERSONAL, Key, Model, Refused

USERS, ORGS = ("ada", "bob", "cy", "dee"), ("acme", "umbrella", "hooli")
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "127.0.0.0/8", "192.0.2.7", "2001:db8::/32", "2001:db8:1::/48")
CLIENTS = ("", "10.1.2.3", "10.9.9.9", "127.0.0.1", "192.0.2.7", "192.0.2.8", "2001:db8::5", "2001:db9::1")
SELECTORS = ("project:42", "project:4*", "dataset:eu/*", "dataset:eu/x", "doc:1")
RESOURCES = ("", "project:42", "project:43", "project:4", "dataset:eu/x", "dataset:eu/", "dataset:us/x", "doc:1")
FOREIGN = ("old_", "old_live_", "sk-")


def timestamp(ms):
    return Timestamp(seconds=int(ms) // 1000, nanos=int(ms) % 1000 * 1000000)


def milliseconds(time, absent):
    return time.seconds * 1000 + time.nanos // 1000000 if time.ByteSize() else absent


def duration(ms):
    return Duration(seconds=int(ms) // 1000, nanos=int(ms) % 1000 * 1000000)


class Driver:
    def __init__(self, server, clock, protos, random):
        self.server, self.clock, self.protos, self.random = server, clock, protos, random
        self.done, self.refused, self.reasons = collections.Counter(), collections.Counter(), collections.Counter()
        self.last = collections.deque(maxlen=25)
        self.recent = collections.deque(maxlen=60)  # tokens
        self.token_of = {}
        self.connect()

    def begin(self, strangers):
        """Two environments, each with a caller that may do everything."""
        (self.server.data / "peppers").mkdir(mode=0o700)
        (self.server.data / "peppers" / "old").write_bytes(PEPPER)
        (self.server.data / "peppers" / "old").chmod(0o600)
        assert self.server.cli("env", "add", "prod").returncode == 0
        kinds = self.server.cli("env", "set", "prod", "--kinds", "backend,personal,org,generic")
        assert kinds.returncode == 0, kinds.stderr
        made = {env: self.server.create_key("root", env=env, preset="full_access")[0] for env in ("test", "prod")}
        self.roots = made
        scope, root = self.protos.scope, support.bearer(made["test"])
        listed = self.stubs.scopes.ListScopes(scope.ListScopesRequest(), metadata=root)
        self.names = {scope.bit: scope.name for category in listed.categories for scope in category.scopes}
        self.windows = {category.name: range(category.first_bit, category.first_bit + category.bits)
                        for category in listed.categories}
        self.former = {}  # names that scopes had before -> bit
        presets = self.stubs.scopes.ListPresets(scope.ListPresetsRequest(), metadata=root).presets
        self.model = Model(sum(1 << bit for bit in self.names), {
            preset.name: (0 if preset.full_access else preset.scope_mask, preset.full_access) for preset in presets})
        self.model.versions = {preset.name: preset.version for preset in presets}
        self.model.strangers = set(strangers)
        for env, token in made.items():
            listed = self.list_keys(env)
            assert len(listed) == 1 and self.model.presets["full_access"] == (0, True)
            key = Key(environment=env, full=True, created=milliseconds(listed[0].created_at, 0), name="root",
                      preset="full_access", preset_version=self.model.versions["full_access"])
            self.model.add(key, listed[0].key_id, token)

    def connect(self):
        guarded = self.server.guarded()
        stubs = {"keys": self.protos.key_grpc.KeyServiceStub(guarded),
                 "owners": self.protos.owner_grpc.OwnerServiceStub(guarded),
                 "scopes": self.protos.scope_grpc.ScopeServiceStub(guarded),
                 "checks": self.protos.check_grpc.CheckServiceStub(self.server.trusted())}
        self.stubs = collections.namedtuple("Stubs", stubs)(**stubs)

    # Both sides of one change.

    def change(self, what, expect, call):
        """(the model's result, the server's answer), or None where both refuse."""
        self.done[what.split()[0]] += 1
        self.last.append(f"at {self.clock.now_ms}: {what}")
        codes = got = answer = wanted = None
        try:
            wanted = expect()
        except Refused as refused:
            codes = refused.codes
        try:
            answer = call()
        except grpc.RpcError as error:
            got = error
        said = got and got.code().name
        assert bool(said) == bool(codes), f"{what}: the model says {codes or 'OK'}, the server {got or 'OK'}"
        assert not codes or said in codes, f"{what}: the model says {codes}, the server {got}"
        if codes:
            self.refused[said] += 1
        return None if codes else (wanted, answer)

    def same_key(self, key, seen):
        model, now = self.model, self.clock.now_ms
        assert seen.key_id == key.key_id and seen.environment == key.environment
        assert (seen.kind, seen.name, seen.metadata, dict(seen.labels), seen.preset) == (
            key.kind, key.name, key.metadata, key.labels, key.preset)
        assert (seen.scope_mask, seen.full_access) == (model.held(key), key.full)
        assert (seen.preset_drifted, seen.owner_stopped) == (model.drifted(key), model.owner_stopped(key)), (
            f"{key}: {seen}")
        assert list(seen.scopes) == [self.names[bit] for bit in sorted(self.names) if model.held(key) >> bit & 1]
        assert (seen.user_id, seen.org_id) == tuple(owner[1] if owner else "" for owner in (key.user, key.org))
        assert (milliseconds(seen.created_at, 0), milliseconds(seen.expires_at, NEVER), milliseconds(
            seen.not_before, 0)) == (key.created, key.expires, key.not_before)
        assert tuple(seen.selectors) == tuple(key.selectors)
        assert list(map(ipaddress.ip_network, seen.networks)) == list(map(ipaddress.ip_network, key.networks))
        assert (seen.rotated_from, seen.rotated_to) == (key.rotated_from, key.rotated_to)
        life = [(key.revoked, 2), (model.lost(key), 6), (key.disabled, 3), (key.expires <= now, 4),
                (now < key.not_before, 5), (True, 1)]
        assert seen.state == next(state for is_so, state in life if is_so), f"{key}: {seen}"

    def list_keys(self, env):
        page, found = "", []
        while True:
            answer = self.stubs.keys.ListKeys(self.protos.key.ListKeysRequest(page_size=1000, page_token=page),
                                              metadata=support.bearer(self.roots[env]))
            found += answer.keys
            page = answer.next_page_token
            if not page:
                return found

    def same_keys(self):
        """Everything that the server knows of its keys."""
        for env in self.roots:
            listed = {key.key_id: key for key in self.list_keys(env)}
            ours = {key_id: key for key_id, key in self.model.keys.items() if key.environment == env}
            assert listed.keys() == ours.keys()
            for key_id, key in ours.items():
                self.same_key(key, listed[key_id])

    # What is chosen.

    def some(self, choices, most=3):
        return tuple(self.random.sample(choices, self.random.randint(1, min(most, len(choices)))))

    def mask(self):
        live = self.random.random() < 0.98
        bits = [bit for bit in self.names if not live or self.model.live >> bit & 1]
        weight = self.random.choice((0.05, 0.3, 0.9))
        mask = sum(1 << bit for bit in bits if self.random.random() < weight)
        return mask | (self.random.getrandbits(6) << 48 if self.random.random() < 0.4 else 0)

    def instant(self):
        """Mostly ahead, often near; now and then not ahead."""
        span = self.random.choice((1, 1000, 5000, 20000, 100000, 10 ** 9))
        return self.clock.now_ms + (self.random.randint(1, span) if self.random.random() < 0.96 else 0)

    def end(self, key):
        """As fields say when a key ends: mostly as the environment of most callers wants it; {} for not at all."""
        rules, chance = self.model.rules["test"], self.random.random()
        if key.get("kind", BACKEND) != BACKEND and rules.choices and chance < 0.8:
            choice = self.random.choice(rules.choices)
            return {} if choice == NEVER else {"expires_in": choice}
        if rules.longest != NEVER and chance < 0.9:
            return {"expires_in": rules.longest - self.random.choice((0, 0, 1000))}
        if chance < 0.1:
            return {"expires_in": self.random.randint(1, 100) * 1000}
        return {"expires": self.instant()} if chance < 0.55 else {}

    def caller(self):
        """Mostly one that may; also any key, in whatever state."""
        chance = self.random.random()
        if chance < 0.65:
            return self.roots["test"]
        if chance < 0.7:
            return self.roots["prod"]
        keys = [(token, self.model.tokens.get(token)) for token in self.recent]
        able = [token for token, key in keys if key and key.kind == BACKEND and (key.full or key.mask >> 48 & 0x3f)
                and not (key.revoked or key.disabled or key.selectors or key.networks)
                and key.not_before <= self.clock.now_ms < key.expires]
        return self.random.choice(able) if able and chance < 0.95 else self.token()

    def token(self):
        if not self.recent:
            return self.roots["test"]
        return self.random.choice(self.recent if self.random.random() < 0.9 else list(self.model.tokens))

    def key_id(self):
        key = self.model.tokens.get(self.token())
        if self.random.random() < 0.02 or key is None:
            return "%032x" % self.random.getrandbits(128)
        return self.roots_spared(key)

    def roots_spared(self, key):
        return "%032x" % self.random.getrandbits(128) if key.name == "root" else key.key_id

    def owner(self, both):
        user, org = self.random.choice(USERS), self.random.choice(ORGS)
        if both:
            return user, org
        return (user, None) if self.random.random() < 0.5 else (None, org)

    def fields(self):
        """Of a new key, in the model's words."""
        random, fields = self.random, {"kind": self.random.choice((1, 1, 2, 2, 3, 3, 4)), "name": "key"}
        user = {BACKEND: 0, PERSONAL: 1, ORG: 0.7}.get(fields["kind"], 0)
        org = {BACKEND: 0, PERSONAL: 0.5, ORG: 1}.get(fields["kind"], 0)
        slip = 0.02
        if random.random() < abs(user - slip):
            fields["user"] = random.choice(USERS)
        if random.random() < abs(org - slip):
            fields["org"] = random.choice(ORGS)
        if random.random() < 0.15:
            fields["preset"] = random.choice(list(self.model.presets))
        else:
            fields["mask"] = self.mask()
        fields.update(self.end(fields))
        for name, chance, choose in (("not_before", 0.15, self.instant),
                                     ("selectors", 0.2, lambda: self.some(SELECTORS)),
                                     ("networks", 0.2, lambda: self.some(NETWORKS)),
                                     ("labels", 0.2, lambda: {"team": random.choice("ab")}),
                                     ("metadata", 0.1, lambda: '{"n": %d}' % random.randint(0, 9))):
            if random.random() < chance:
                fields[name] = choose()
        return fields

    def request(self, fields):
        """The same as a CreateKeyRequest's fields."""
        said = {name: fields[name] for name in ("kind", "name", "preset", "labels", "metadata", "selectors", "networks")
                if name in fields}
        said.update({to: fields[name] for name, to in (("user", "user_id"), ("org", "org_id")) if name in fields})
        times = (("expires", "expires_at"), ("not_before", "not_before"))
        said.update({to: timestamp(fields[name]) for name, to in times if name in fields})
        if "expires_in" in fields:
            said["expires_in"] = duration(fields["expires_in"])
        return {**said, **self.grant(fields["mask"])} if fields.get("mask") else said

    def grant(self, mask):
        """By name or by bits."""
        if self.random.random() < 0.5 and not mask & ~self.model.live:
            return {"scopes": [self.names[bit] for bit in self.names if mask >> bit & 1]}
        return {"scope_mask": mask}

    # Changes.

    def create(self):
        fields, caller = self.fields(), self.caller()
        said = self.request(fields)
        if self.random.random() < 0.1:
            said["request_id"] = "%x" % self.random.getrandbits(64)
        request = self.protos.key.CreateKeyRequest(**said)
        both = self.change(f"create {fields}", lambda: self.model.create(caller, fields, self.clock.now_ms),
                           lambda: self.stubs.keys.CreateKey(request, metadata=support.bearer(caller)))
        if not both:
            return
        key, answer = both
        self.take(key, answer)
        if request.request_id:
            self.repeat(request, answer, caller)

    def take(self, key, answer):
        self.model.add(key, answer.key.key_id, answer.token)
        self.recent.append(answer.token)
        self.same_key(key, answer.key)

    def repeat(self, request, first, caller):
        again = self.stubs.keys.CreateKey(request, metadata=support.bearer(caller))
        assert (again.key, again.token) == (first.key, "")
        request.name = "another body"
        self.last.append("the same request_id with another body")
        try:
            self.stubs.keys.CreateKey(request, metadata=support.bearer(caller))
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.ALREADY_EXISTS
            return
        raise AssertionError("a request_id was taken twice")

    def update(self):
        random, caller, key_id = self.random, self.caller(), self.key_id()
        choices = {"mask": self.mask, "preset": lambda: random.choice(list(self.model.presets)),
                   "expires": lambda: NEVER if random.random() < 0.3 else self.instant(),
                   "disabled": lambda: random.random() < 0.4, "not_before": lambda: random.choice((0, self.instant())),
                   "selectors": lambda: random.choice(((), self.some(SELECTORS))),
                   "networks": lambda: random.choice(((), self.some(NETWORKS))),
                   "name": lambda: random.choice(("key", "another")), "labels": lambda: {"team": "c"},
                   "metadata": lambda: random.choice(("", "{}"))}
        # Keys are switched on and off more often than the rest.
        fields = {name: choices[name]() for name in self.some(list(choices) + ["disabled"] * 3)}
        bound = self.model.keys.get(key_id, Key())
        bounds = [name for name in ("selectors", "networks") if getattr(bound, name)]
        if bounds and random.random() < 0.5:
            fields = {bounds[0]: choices[bounds[0]]()}
        if "preset" in fields:
            fields.pop("mask", None)
        if "expires" in fields and random.random() < 0.5:
            del fields["expires"]
            fields["expires_in"] = self.end({"kind": bound.kind}).get("expires_in", 60000)
        said, paths = {}, []
        for name, value in fields.items():
            part = {name: value}
            if name == "mask":
                part = self.grant(value) if value else {"scope_mask": 0}
            if name == "expires":
                part = {"never_expires": True} if value == NEVER else {"expires_at": timestamp(value)}
            if name == "expires_in":
                part = {name: duration(value)}
            if name == "not_before":
                part = {name: timestamp(value) if value else None}
            said.update(part)
            paths += part
        request = self.protos.key.UpdateKeyRequest(key_id=key_id, update_mask=FieldMask(paths=paths), **said)
        both = self.change(f"update {key_id} {fields}",
                           lambda: self.model.update(caller, key_id, fields, self.clock.now_ms),
                           lambda: self.stubs.keys.UpdateKey(request, metadata=support.bearer(caller)))
        if both:
            self.same_key(self.model.keys[key_id], both[1].key)

    def rotate(self):
        random, caller, key_id = self.random, self.caller(), self.key_id()
        grace = random.choice((0, random.randint(1, 30000)))
        ends = random.choice(({}, {}, self.end({"kind": self.model.keys.get(key_id, Key()).kind})))
        expires, span = ends.get("expires"), ends.get("expires_in")
        request = self.protos.key.RotateKeyRequest(key_id=key_id)
        if expires is not None:
            request.expires_at.CopyFrom(timestamp(expires))
        if span is not None:
            request.expires_in.CopyFrom(duration(span))
        if grace:
            request.grace.CopyFrom(duration(grace))
        both = self.change(f"rotate {key_id} grace {grace} ends {ends}",
                           lambda: self.model.rotate(caller, key_id, grace, expires, span, self.clock.now_ms),
                           lambda: self.stubs.keys.RotateKey(request, metadata=support.bearer(caller)))
        if not both:
            return
        (old, new), answer = both
        old.rotated_to = answer.key.key_id
        assert milliseconds(answer.old_key_expires_at, NEVER) == old.expires
        self.take(new, answer)

    def revoke(self):
        caller, by_token = self.caller(), self.random.random() < 0.4
        token = self.token()
        name = {"by_token": token} if by_token else {"key_id": self.key_id()}
        if by_token and token in self.roots.values():
            return
        request = self.protos.key.RevokeKeyRequest(**({"token": token} if by_token else name))
        self.change(f"revoke {name}", lambda: self.model.revoke(caller, self.clock.now_ms, **name),
                    lambda: self.stubs.keys.RevokeKey(request, metadata=support.bearer(caller)))

    def import_keys(self):
        """One to three at once; each succeeds or fails by itself."""
        random, caller, model, now = self.random, self.caller(), self.model, self.clock.now_ms
        items = [self.import_item() for _ in range(random.randint(1, 3))]
        request = self.protos.key.ImportKeysRequest(keys=[
            self.protos.key.ImportKey(token=token or "", sha256=made or "", **self.scheme(*said) if said else {},
                                      key=self.protos.key.CreateKeyRequest(**self.request(fields)))
            for _, (token, made, said), fields in items])
        both = self.change(f"import {items}", lambda: model.begin(caller, IMPORT, now),
                           lambda: self.stubs.keys.ImportKeys(request, metadata=support.bearer(caller)))
        for (token, item, fields), result in zip(items, both[1].results if both else ()):
            codes = set()
            try:
                key = model.import_key(both[0], item, fields, now)
            except Refused as refused:
                codes = {grpc.StatusCode[code].value[0] for code in refused.codes}
            assert (result.code in codes) if codes else (result.code == 0), f"{item}: {codes}, {result}"
            if not codes:
                model.add(key, result.key_id)
                self.recent.append(token)

    def import_item(self):
        """(the token, what is told of it, fields)"""
        random = self.random
        token = random.choice(("",) + FOREIGN) + "%08x" % random.getrandbits(12)
        fields = self.fields()
        if random.random() < 0.5:
            return token, (token, None, None), fields
        prefix = next((prefix for prefix in FOREIGN if token.startswith(prefix)), "")
        without = random.random() < 0.1 if prefix != "sk-" else random.random() < 0.9
        hashed = token[len(prefix):] if without else token
        method = random.choice((1, 1, 1, 1, 2, 2, 3, 4))
        return token, (None, HASHES[method](hashed.encode()).hexdigest(), (prefix, method, without)), fields

    @staticmethod
    def scheme(prefix, method, without_prefix):
        return {"prefix": prefix, "method": method, "pepper": "old" if method > 1 else "",
                "without_prefix": without_prefix}

    def change_owner(self, what, method, both):
        caller, (user, org) = self.caller(), self.owner(both)
        request = getattr(self.protos.owner, f"{method}Request")(user_id=user, org_id=org)
        self.change(f"{method} {user} {org}", lambda: getattr(self.model, what)(caller, user, org, self.clock.now_ms),
                    lambda: getattr(self.stubs.owners, method)(request, metadata=support.bearer(caller)))

    def move_clock(self):
        """Often to where a key begins or ends, or just before."""
        edges = [edge for key in list(self.model.keys.values())[-100:] for edge in (key.expires, key.not_before)
                 if self.clock.now_ms < edge < NEVER]
        if edges and self.random.random() < 0.5:
            self.clock.now_ms = max(self.clock.now_ms, min(edges) - self.random.randint(0, 1))
        else:
            self.clock.move(self.random.choice((1, 100, 3000)))
        self.done["clock"] += 1

    def restart(self):
        """Also a hard end loses nothing that was answered."""
        if self.random.random() < 0.5:
            self.server.stop()
        else:
            self.server.kill()
        self.server.start()
        self.connect()
        self.done["restart"] += 1
        self.last.append("restart")
