"""What bitting says of keys, said once more: a model in plain Python, written from proto/bitting/v1 and docs/, that a
server is compared with. It knows no store, no transport and no clock: each call is told the time."""
import dataclasses
import enum
import hashlib
import ipaddress

NEVER = float("inf")
ENVIRONMENTS = {"test": "bt_test_", "prod": "bt_prod_"}
LOCAL = "127.0.0.1"


class Reason(enum.IntEnum):
    """In order of precedence."""
    ALLOWED = 1
    MALFORMED_TOKEN = 2
    UNKNOWN_KEY = 3
    REVOKED = 4
    DISABLED = 5
    EXPIRED = 6
    NOT_YET_VALID = 7
    OWNER_STOPPED = 8
    WRONG_KIND = 9
    ADDRESS_NOT_ALLOWED = 10
    MISSING_SCOPE = 11
    RESOURCE_NOT_GRANTED = 12


BACKEND, PERSONAL, ORG, GENERIC = 1, 2, 3, 4
# Per kind: whether it has a user and an organization; None: it may.
OWNERS = {BACKEND: (False, False), PERSONAL: (True, None), ORG: (None, True), GENERIC: (False, False)}
READ, CREATE, UPDATE, REVOKE, VALIDATE, IMPORT = (1 << bit for bit in range(48, 54))


class Refused(Exception):
    """One of these codes is right; which is said first is not settled where several things are wrong."""
    def __init__(self, codes):
        super().__init__(codes)
        self.codes = codes


@dataclasses.dataclass
class Key:
    kind: int = BACKEND
    environment: str = "test"
    mask: int = 0
    full: bool = False
    created: float = 0
    expires: float = NEVER
    not_before: float = 0
    user: tuple = None  # (id, how often it has been deleted)
    org: tuple = None
    selectors: tuple = ()
    networks: tuple = ()
    labels: dict = dataclasses.field(default_factory=dict)
    name: str = "key"
    metadata: str = ""
    preset: str = ""
    revoked: bool = False
    disabled: bool = False
    imported: bool = False
    rotated_to: str = ""
    rotated_from: str = ""
    key_id: str = ""


@dataclasses.dataclass
class Question:
    token: str
    environment: str = "test"
    needed: int = 0  # 0: Validate
    any: bool = False
    kinds: tuple = ()
    client: str = ""
    resource: str = ""
    requested: int = None


@dataclasses.dataclass
class Answer:
    reason: Reason
    key: Key = None
    held: int = 0
    missing: int = 0
    layer: int = 0


class Model:
    def __init__(self, live, presets):
        self.live = live
        self.presets = presets  # name -> (mask, full)
        self.keys = {}  # key id -> Key
        self.tokens = {}  # token -> Key
        self.strangers = set()  # tokens that are well-formed, of another store
        self.hashes = {}  # (environment, prefix, sha256) -> Key
        self.schemes = {name: {} for name in ENVIRONMENTS}  # prefix -> whether the hash leaves it out
        self.deleted = {}  # (environment, "user" or "org", id) -> how often
        self.stopped = set()
        self.stop_with_creator = set()  # the environments that say so

    # Questions.

    def held(self, key):
        return self.live if key.full else key.mask & self.live

    def find(self, token, environment):
        """(the key or None, whether that is the token's own fault)"""
        token = token.removeprefix("Bearer ")
        if token in self.tokens:
            key = self.tokens[token]
            return (key if key.environment == environment else None), False
        if any(token.startswith(prefix) for prefix in ENVIRONMENTS.values()):
            return None, token not in self.strangers
        if self.scheme_of(token, environment) is None or not self.foreign_shape(token):
            return None, True
        return self.find_foreign(token, environment), False

    def find_foreign(self, token, environment):
        """By every scheme that it fits, the first that came first."""
        found = (self.hashes.get((environment, prefix, self.foreign_hash(environment, prefix, token)))
                 for prefix in self.schemes[environment] if token.startswith(prefix))
        return next((key for key in found if key), None)

    @staticmethod
    def foreign_shape(token):
        return 8 <= len(token) <= 512 and all("!" <= letter <= "~" for letter in token)

    def scheme_of(self, token, environment):
        return max((prefix for prefix in self.schemes[environment] if token.startswith(prefix)), key=len, default=None)

    def foreign_hash(self, environment, prefix, token):
        rest = token[len(prefix):] if self.schemes[environment][prefix] else token
        return hashlib.sha256(rest.encode()).hexdigest()

    def owner_stopped(self, key):
        stops = set()
        if key.kind in (PERSONAL, ORG):
            stops.add((key.environment, None, key.org))
        if key.kind == PERSONAL or (key.kind == ORG and key.environment in self.stop_with_creator):
            stops |= {(key.environment, key.user, None), (key.environment, key.user, key.org)}
        return bool(stops & self.stopped)

    @staticmethod
    def in_networks(key, client):
        return not key.networks or bool(client) and any(
            ipaddress.ip_address(client) in ipaddress.ip_network(network) for network in key.networks)

    @staticmethod
    def has_resource(key, resource):
        return not key.selectors or bool(resource) and any(
            resource.startswith(selector[:-1]) if selector.endswith("*") else resource == selector
            for selector in key.selectors)

    @staticmethod
    def lacking(held, question):
        if question.any and held & question.needed:
            return 0
        return question.needed & ~held

    def ask(self, question, now):
        key, malformed = self.find(question.token, question.environment)
        if malformed:
            return Answer(Reason.MALFORMED_TOKEN)
        if key is None:
            return Answer(Reason.UNKNOWN_KEY)
        held = self.held(key)
        by_key = self.lacking(held, question)
        asked = held if question.requested is None else held & question.requested
        missing = by_key or self.lacking(asked, question)
        wrong = {
            Reason.REVOKED: key.revoked,
            Reason.DISABLED: key.disabled,
            Reason.EXPIRED: key.expires <= now,
            Reason.NOT_YET_VALID: now < key.not_before,
            Reason.OWNER_STOPPED: self.owner_stopped(key),
            Reason.WRONG_KIND: bool(question.kinds) and key.kind not in question.kinds,
            Reason.ADDRESS_NOT_ALLOWED: not self.in_networks(key, question.client),
            Reason.MISSING_SCOPE: missing != 0,
            Reason.RESOURCE_NOT_GRANTED: question.needed != 0 and not self.has_resource(key, question.resource),
        }
        reason = min((reason for reason, is_so in wrong.items() if is_so), default=Reason.ALLOWED)
        good = reason == Reason.ALLOWED or reason >= Reason.MISSING_SCOPE
        if reason != Reason.MISSING_SCOPE:
            return Answer(reason, key, held if good else 0)
        return Answer(reason, key, held, missing, 1 if by_key else 2)

    # Who may do what.

    def caller(self, token, need, now):
        """The caller's key, and the codes by which it is turned away."""
        environment = next((name for name, prefix in ENVIRONMENTS.items() if token.startswith(prefix)), None)
        if environment is None:
            return None, {"UNAUTHENTICATED"}
        answer = self.ask(Question(token, environment, need, kinds=(BACKEND,), client=LOCAL), now)
        if answer.reason == Reason.ALLOWED:
            return answer.key, set()
        return None, {"PERMISSION_DENIED" if answer.reason == Reason.MISSING_SCOPE else "UNAUTHENTICATED"}

    def begin(self, token, need, now):
        caller, codes = self.caller(token, need, now)
        if codes:
            raise Refused(codes)
        return caller

    def may_grant(self, caller, mask, full):
        return caller.full or not full and not mask & ~self.held(caller)

    def named(self, caller, key_id):
        key = self.keys.get(key_id)
        if key is None or key.environment != caller.environment:
            raise Refused({"NOT_FOUND"})
        return key

    # Changes. Each is made or raises Refused.

    def reference(self, environment, kind, name):
        return (kind, name, self.deleted.get((environment, kind, name), 0)) if name else None

    def plan(self, caller, fields, now):
        """A key that is not there yet, from what a request says of it."""
        codes = set()
        kind = fields.get("kind", BACKEND)
        mask, full = self.presets[fields["preset"]] if fields.get("preset") else (fields.get("mask", 0), False)
        if mask & ~self.live:
            codes.add("INVALID_ARGUMENT")
        if not self.may_grant(caller, mask, full):
            codes.add("PERMISSION_DENIED")
        if fields.get("expires", NEVER) <= now:
            codes.add("INVALID_ARGUMENT")
        for wanted, field in zip(OWNERS[kind], ("user", "org")):
            if wanted is not None and wanted != bool(fields.get(field)):
                codes.add("INVALID_ARGUMENT")
        if codes:
            raise Refused(codes)
        kept = {name: fields[name] for name in ("expires", "not_before", "selectors", "networks", "labels", "name",
                                                "metadata", "preset") if name in fields}
        return Key(kind=kind, environment=caller.environment, mask=mask, full=full, created=now,
                   user=self.reference(caller.environment, "user", fields.get("user")),
                   org=self.reference(caller.environment, "org", fields.get("org")), **kept)

    def add(self, key, key_id, token=None):
        assert key_id not in self.keys
        key.key_id = key_id
        self.keys[key_id] = key
        if token:
            self.tokens[token] = key

    def create(self, token, fields, now):
        return self.plan(self.begin(token, CREATE, now), fields, now)

    def update(self, token, key_id, fields, now):
        """fields: what the update mask names."""
        caller = self.begin(token, UPDATE, now)
        before = self.named(caller, key_id)
        if before.revoked:
            raise Refused({"FAILED_PRECONDITION"})
        after = dataclasses.replace(before, **{name: value for name, value in fields.items() if name != "preset"})
        if "mask" in fields:
            after.full = False
        if "preset" in fields:
            after.preset = fields["preset"]
            after.mask, after.full = self.presets[fields["preset"]]
        codes = set()
        if after.mask & ~self.live or "expires" in fields and after.expires <= now:
            codes.add("INVALID_ARGUMENT")
        if self.widens(before, after) and not self.may_grant(caller, after.mask, after.full):
            codes.add("PERMISSION_DENIED")
        if codes:
            raise Refused(codes)
        before.__dict__.update(after.__dict__)

    @staticmethod
    def widens(before, after):
        def beyond(old, new, covers):
            return bool(old) and (not new or any(not any(covers(one, other) for one in old) for other in new))

        def covers_selector(wide, narrow):
            return narrow == wide or wide.endswith("*") and narrow.startswith(wide[:-1])

        def covers_network(wide, narrow):
            wide, narrow = ipaddress.ip_network(wide), ipaddress.ip_network(narrow)
            return wide.version == narrow.version and narrow.subnet_of(wide)

        more = not before.full and (after.full or after.mask & ~before.mask)
        return bool(more or before.disabled and not after.disabled or after.expires > before.expires
                    or after.not_before < before.not_before
                    or beyond(before.selectors, after.selectors, covers_selector)
                    or beyond(before.networks, after.networks, covers_network))

    def rotate(self, token, key_id, grace, expires, now):
        """The new key, to be added; expires None: that of the old one."""
        caller = self.begin(token, CREATE, now)
        old = self.named(caller, key_id)
        codes = set()
        if old.revoked or old.disabled or old.expires <= now or old.rotated_to:
            codes.add("FAILED_PRECONDITION")
        if not self.may_grant(caller, old.mask, old.full):
            codes.add("PERMISSION_DENIED")
        if expires is not None and expires <= now:
            codes.add("INVALID_ARGUMENT")
        if codes:
            raise Refused(codes)
        new = dataclasses.replace(old, created=now, rotated_from=old.key_id, imported=False)
        if expires is not None:
            new.expires = expires
        old.expires = min(old.expires, now + grace)
        return old, new

    def revoke(self, token, now, key_id=None, by_token=None):
        caller = self.begin(token, REVOKE, now)
        if by_token is not None:
            key, _ = self.find(by_token, caller.environment)
            if key is None:
                raise Refused({"NOT_FOUND"})
        else:
            key = self.named(caller, key_id)
        key.revoked = True

    def import_key(self, caller, item, fields, now):
        """item: (token, None, None) or (None, sha256 in hexadecimal, (prefix, without_prefix))"""
        key = self.plan(caller, fields, now)
        token, sha256, scheme = item
        schemes = self.schemes[caller.environment]
        if token is not None:
            ours = any(token.startswith(prefix) for prefix in ENVIRONMENTS.values())
            if ours or not self.foreign_shape(token):
                raise Refused({"INVALID_ARGUMENT"})
            if self.find_foreign(token, caller.environment):
                raise Refused({"ALREADY_EXISTS"})
            prefix = self.scheme_of(token, caller.environment)
            scheme = ("", False) if prefix is None else (prefix, schemes[prefix])
        prefix, without_prefix = scheme
        if sha256 and not without_prefix and any(
                (caller.environment, other, sha256) in self.hashes for other, rest in schemes.items()
                if not rest and (other.startswith(prefix) or prefix.startswith(other))):
            raise Refused({"ALREADY_EXISTS"})
        if schemes.get(prefix, without_prefix) != without_prefix:
            raise Refused({"FAILED_PRECONDITION"})
        if prefix not in schemes and len(schemes) == 4:
            raise Refused({"RESOURCE_EXHAUSTED"})
        schemes.setdefault(prefix, without_prefix)
        sha256 = sha256 or self.foreign_hash(caller.environment, prefix, token)
        if (caller.environment, prefix, sha256) in self.hashes:
            raise Refused({"ALREADY_EXISTS"})
        key.imported = True
        self.hashes[caller.environment, prefix, sha256] = key
        return key

    # Owners.

    def stop_of(self, environment, user, org):
        return (environment, self.reference(environment, "user", user), self.reference(environment, "org", org))

    def stop(self, token, user, org, now):
        """Blocks an owner; ends a membership, where both are named."""
        caller = self.begin(token, REVOKE, now)
        self.stopped.add(self.stop_of(caller.environment, user, org))

    def delete(self, token, user, org, now):
        caller = self.begin(token, REVOKE, now)
        self.stopped.add(self.stop_of(caller.environment, user, org))
        name = (caller.environment, "user", user) if user else (caller.environment, "org", org)
        self.deleted[name] = self.deleted.get(name, 0) + 1

    def resume(self, token, user, org, now):
        caller = self.begin(token, UPDATE, now)
        stop = self.stop_of(caller.environment, user, org)
        if stop not in self.stopped:
            return
        _, user, org = stop
        for key in self.keys.values():
            theirs = key.environment == caller.environment and user in (None, key.user) and org in (None, key.org)
            over = key.revoked or key.expires <= now
            if theirs and not over and not self.may_grant(caller, key.mask, key.full):
                raise Refused({"PERMISSION_DENIED"})
        self.stopped.discard(stop)
