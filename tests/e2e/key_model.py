"""What bitting says of keys, said once more: a model in plain Python, written from proto/bitting/v1 and docs/, that a
server is compared with. It knows no store, no transport and no clock: each call is told the time."""
import dataclasses
import enum
import hashlib
import hmac
import ipaddress

NEVER = float("inf")
ENVIRONMENTS = {"test": "bt_test_", "prod": "bt_prod_"}
LOCAL = "127.0.0.1"
PEPPER = b"pepper of another system"
HASHES = {1: lambda message: hashlib.sha256(message),
          2: lambda message: hmac.new(PEPPER, message, hashlib.sha256),
          3: lambda message: hashlib.sha256(PEPPER + message),
          4: lambda message: hashlib.sha256(message + PEPPER)}


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
    preset_version: int = 0
    revoked: bool = False
    revoked_at: float = NEVER
    disabled: bool = False
    imported: bool = False
    scheme: tuple = None
    rotated_to: str = ""
    rotated_from: str = ""
    key_id: str = ""


@dataclasses.dataclass
class Rules:
    """Of an environment, for keys that are made, prolonged or rotated from now on; spans in milliseconds."""
    kinds: frozenset = frozenset(OWNERS)
    longest: float = NEVER
    choices: tuple = ()  # how long an end-user key may be good; none: as one likes


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
        self.versions = {name: 1 for name in presets}  # raised whenever one means something else
        self.rules = {name: Rules() for name in ENVIRONMENTS}
        self.purged = set()  # tokens
        self.keys = {}  # key id -> Key
        self.tokens = {}  # token -> Key
        self.strangers = set()  # tokens that are well-formed, of another store
        self.hashes = {}  # (environment, (prefix, method), hash) -> Key
        self.schemes = {name: {} for name in ENVIRONMENTS}  # (prefix, method) -> whether the prefix is left out
        self.forgotten = {name: set() for name in ENVIRONMENTS}  # those whose pepper is lost
        self.deleted = {}  # (environment, "user" or "org", id) -> how often
        self.stopped = set()
        self.deleted_at = {}  # of those in stopped that are for ever: when
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
            return None, token not in self.strangers and token not in self.purged
        if not any(token.startswith(prefix) for prefix, _ in self.remembered(environment)) or not self.foreign_shape(token):
            return None, True
        return self.find_foreign(token, environment), False

    def remembered(self, environment):
        return [scheme for scheme in self.schemes[environment] if scheme not in self.forgotten[environment]]

    def lost(self, key):
        return key.imported and key.scheme in self.forgotten[key.environment]

    def find_foreign(self, token, environment):
        """By every scheme that it fits, the first that came first."""
        found = (self.hashes.get((environment, scheme, self.foreign_hash(environment, scheme, token)))
                 for scheme in self.remembered(environment) if token.startswith(scheme[0]))
        return next((key for key in found if key), None)

    @staticmethod
    def foreign_shape(token):
        return 8 <= len(token) <= 512 and all("!" <= letter <= "~" for letter in token)

    def scheme_of(self, token, environment):
        """That of the longest prefix, without a pepper: for a token that is brought."""
        return max((scheme for scheme in self.schemes[environment] if token.startswith(scheme[0]) and scheme[1] == 1),
                   key=lambda scheme: len(scheme[0]), default=None)

    def foreign_hash(self, environment, scheme, token):
        prefix, method = scheme
        rest = token[len(prefix):] if self.schemes[environment][scheme] else token
        return HASHES[method](rest.encode()).hexdigest()

    def stops(self, key):
        """The stops that would stop a key."""
        stops = set()
        if key.kind in (PERSONAL, ORG):
            stops.add((key.environment, None, key.org))
        if key.kind == PERSONAL or (key.kind == ORG and key.environment in self.stop_with_creator):
            stops |= {(key.environment, key.user, None), (key.environment, key.user, key.org)}
        return stops

    def owner_stopped(self, key):
        return bool(self.stops(key) & self.stopped)

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
        expires = now + fields["expires_in"] if "expires_in" in fields else fields.get("expires", NEVER)
        if expires <= max(now, fields.get("not_before", 0)):
            codes.add("INVALID_ARGUMENT")
        codes |= self.against(caller.environment, kind, fields.get("expires_in"), expires, now)
        for wanted, field in zip(OWNERS[kind], ("user", "org")):
            if wanted is not None and wanted != bool(fields.get(field)):
                codes.add("INVALID_ARGUMENT")
        if codes:
            raise Refused(codes)
        kept = {name: fields[name] for name in ("not_before", "selectors", "networks", "labels", "name",
                                                "metadata", "preset") if name in fields}
        return Key(kind=kind, environment=caller.environment, mask=mask, full=full, created=now, expires=expires,
                   preset_version=self.versions.get(fields.get("preset"), 0),
                   user=self.reference(caller.environment, "user", fields.get("user")),
                   org=self.reference(caller.environment, "org", fields.get("org")), **kept)

    def against(self, environment, kind, span, expires, made):
        """The rules of the environment that a key is against which was made then; span: as its end was chosen."""
        rules, codes = self.rules[environment], set()
        chosen = NEVER if span is None and expires == NEVER else span
        if kind not in rules.kinds:
            codes.add("FAILED_PRECONDITION")
        if kind != BACKEND and rules.choices and chosen not in rules.choices or expires - made > rules.longest:
            codes.add("INVALID_ARGUMENT")
        return codes

    def against_kept(self, key, now):
        """Those that a new token for a key is against, which keeps its end."""
        rules, codes = self.rules[key.environment], set()
        if key.kind not in rules.kinds:
            codes.add("FAILED_PRECONDITION")
        choices = rules.choices if key.kind != BACKEND else ()
        if key.expires - now > min(rules.longest, max(choices, default=NEVER)):
            codes.add("INVALID_ARGUMENT")
        return codes

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
        after = dataclasses.replace(before, **{name: value for name, value in fields.items()
                                               if name not in ("preset", "expires_in")})
        if "expires_in" in fields:
            after.expires = now + fields["expires_in"]
        if "mask" in fields:
            after.full = False
        if "preset" in fields:
            after.preset = fields["preset"]
            after.mask, after.full = self.presets[fields["preset"]]
            after.preset_version = self.versions[fields["preset"]]
        codes = set()
        if "mask" in fields and after.mask & ~self.live or "expires" in fields and after.expires <= now:
            codes.add("INVALID_ARGUMENT")
        if fields.keys() & {"expires", "expires_in", "not_before"} and after.expires <= after.not_before:
            codes.add("INVALID_ARGUMENT")
        if after.expires > before.expires:
            # A life begins once, with the key.
            codes |= self.against(before.environment, before.kind, fields.get("expires_in"), after.expires,
                                  before.created)
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

    def rotate(self, token, key_id, grace, expires, span, now):
        """The new key, to be added; neither expires nor span: with the end of the old one."""
        caller = self.begin(token, CREATE, now)
        old = self.named(caller, key_id)
        codes = set()
        if old.revoked or old.disabled or old.expires <= now or old.rotated_to:
            codes.add("FAILED_PRECONDITION")
        if not self.may_grant(caller, old.mask, old.full):
            codes.add("PERMISSION_DENIED")
        ends = now + span if span else old.expires if expires is None else expires
        if ends <= old.not_before or expires is not None and expires <= now:
            codes.add("INVALID_ARGUMENT")
        codes |= (self.against_kept(old, now) if expires is None and span is None else
                  self.against(old.environment, old.kind, span, now + span if span else expires, now))
        if codes:
            raise Refused(codes)
        new = dataclasses.replace(old, created=now, expires=ends, rotated_from=old.key_id, imported=False)
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
        if not key.revoked:
            key.revoked, key.revoked_at = True, now

    def import_key(self, caller, item, fields, now):
        """item: (token, None, None) or (None, hash in hexadecimal, (prefix, method, without_prefix))"""
        key = self.plan(caller, fields, now)
        token, made, said = item
        environment, schemes = caller.environment, self.schemes[caller.environment]
        if token is not None:
            ours = any(token.startswith(prefix) for prefix in ENVIRONMENTS.values())
            if ours or not self.foreign_shape(token):
                raise Refused({"INVALID_ARGUMENT"})
            if self.find_foreign(token, environment):
                raise Refused({"ALREADY_EXISTS"})
            scheme = self.scheme_of(token, environment) or ("", 1)
            without_prefix = schemes.get(scheme, False)
        else:
            *scheme, without_prefix = said
            scheme = tuple(scheme)
            if not without_prefix and self.has_whole(environment, scheme, made):
                raise Refused({"ALREADY_EXISTS"})
        if schemes.get(scheme, without_prefix) != without_prefix or scheme in self.forgotten[environment]:
            raise Refused({"FAILED_PRECONDITION"})
        if scheme not in schemes and len(schemes) == 4:
            raise Refused({"RESOURCE_EXHAUSTED"})
        schemes.setdefault(scheme, without_prefix)
        place = environment, scheme, made or self.foreign_hash(environment, scheme, token)
        if place in self.hashes:
            raise Refused({"ALREADY_EXISTS"})
        key.imported, key.scheme = True, scheme
        self.hashes[place] = key
        return key

    def has_whole(self, environment, scheme, made):
        """Whether the hash of a whole token is there, under a prefix that the same token may have."""
        prefix, method = scheme
        return any((environment, (other, method), made) in self.hashes
                   for other, how in self.remembered(environment)
                   if how == method and not self.schemes[environment][other, how]
                   and (other.startswith(prefix) or prefix.startswith(other)))

    # Owners.

    def stop_of(self, environment, user, org):
        return (environment, self.reference(environment, "user", user), self.reference(environment, "org", org))

    def stop(self, token, user, org, now):
        """Blocks an owner; ends a membership, where both are named."""
        caller = self.begin(token, REVOKE, now)
        self.stopped.add(self.stop_of(caller.environment, user, org))

    def delete(self, token, user, org, now):
        caller = self.begin(token, REVOKE, now)
        stop = self.stop_of(caller.environment, user, org)
        self.stopped.add(stop)
        self.deleted_at[stop] = now
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

    # What the administrator does.

    def forget_pepper(self, environment):
        self.forgotten[environment] |= {scheme for scheme in self.schemes[environment] if scheme[1] > 1}

    def drifted(self, key):
        if not key.preset:
            return False
        mask, full = self.presets[key.preset]
        return (key.preset_version, key.full) != (self.versions[key.preset], full) or not full and key.mask != mask

    def retire(self, bit):
        self.live &= ~(1 << bit)
        for name, (mask, full) in list(self.presets.items()):
            if mask >> bit & 1:
                self.set_preset(name, mask & ~(1 << bit), full)

    def give_back(self, bit):
        """Also of a scope that is new."""
        self.live |= 1 << bit

    def set_preset(self, name, mask, full=False):
        if self.presets[name] != (mask, full):
            self.presets[name] = mask, full
            self.versions[name] += 1

    def purge(self, before):
        """How many were forgotten: those that had ended before."""
        gone = {key_id for key_id, key in self.keys.items()
                if min(key.expires, key.revoked_at, *(self.deleted_at.get(stop, NEVER) for stop in self.stops(key))) < before}
        self.purged |= {token for token, key in self.tokens.items() if key.key_id in gone}
        self.tokens = {token: key for token, key in self.tokens.items() if key.key_id not in gone}
        self.hashes = {place: key for place, key in self.hashes.items() if key.key_id not in gone}
        for key_id in gone:
            del self.keys[key_id]
        return len(gone)
