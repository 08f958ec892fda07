"""What the command line does to a server's store and to the model of key_model.py: rules of environments, the catalogue,
and forgetting keys."""
import json

from key_model import BACKEND, NEVER, OWNERS, Rules

KINDS = {1: "backend", 2: "personal", 3: "org", 4: "generic"}
RENAMES = 40
SECOND = 1000


class Administrator:
    def __init__(self, driver):
        self.driver, self.random = driver, driver.random
        self.new = set()  # bits of scopes that this run added

    def cli(self, what, *words, **more):
        """As the server has it, the clock is the one that is moved."""
        driver = self.driver
        driver.last.append(f"at {driver.clock.now_ms}: {what}")
        done = driver.server.cli(*words, variables=driver.clock.variables, **more)
        assert done.returncode == 0, f"{what}: {done.stderr}"
        driver.done[what.split()[0]] += 1
        return done

    # Environments.

    def environment(self):
        return self.random.choice(("test", "test", "prod"))

    def set_creator_rule(self):
        model, env = self.driver.model, self.environment()
        model.stop_with_creator ^= {env}
        word = "yes" if env in model.stop_with_creator else "no"
        self.cli(f"env {env}: org keys stop with their creator: {word}", "env", "set", env,
                 "--org-keys-stop-with-creator", word)

    def set_rules(self):
        """Every other time back to none, so that most keys can be made."""
        random, env, rules = self.random, self.environment(), Rules()
        if random.random() < 0.5:
            others = [kind for kind in OWNERS if kind != BACKEND and random.random() < 0.7]
            rules.kinds = frozenset([BACKEND, *others])
            rules.longest = random.choice((NEVER, 20 * SECOND, 3600 * SECOND))
            rules.choices = random.choice(((), (5 * SECOND, 60 * SECOND), (30 * SECOND, NEVER), (1000 * SECOND,)))
        self.driver.model.rules[env] = rules
        spans = ",".join(self.span(choice) for choice in rules.choices)
        self.cli(f"rules {env} {rules}", "env", "set", env, "--kinds", ",".join(KINDS[kind] for kind in rules.kinds),
                 "--max-life", self.span(rules.longest), "--expiry-choices", spans or "any")

    @staticmethod
    def span(ms):
        return "never" if ms == NEVER else f"{ms // SECOND}s"

    def forget_pepper(self):
        env = self.environment()
        if any(method > 1 for _, method in self.driver.model.schemes[env]):
            self.driver.model.forget_pepper(env)
            self.cli(f"forget the pepper of {env}", "env", "set", env, "--forget-pepper", "old")

    # The catalogue.

    def own_bits(self):
        """Those of scopes that a file may change: all but bitting's own."""
        return [bit for bit, name in self.driver.names.items() if not name.startswith("apikeys.")]

    def change_catalogue(self):
        said = self.random.choice((self.retire, self.retire, self.give_back, self.give_back, self.rename, self.add,
                                   self.set_preset))()
        if said:
            what, marks = said
            self.cli(f"catalogue {what}", "scope", "apply", "-", token=json.dumps(self.file(marks)))

    def retire(self):
        live = [bit for bit in self.own_bits() if self.driver.model.live >> bit & 1]
        if len(live) > 20:
            bit = self.random.choice(live)
            self.driver.model.retire(bit)
            return f"retire {bit}", {bit: {"retired": True}}
        return None

    def give_back(self):
        retired = [bit for bit in self.own_bits() if not self.driver.model.live >> bit & 1]
        if retired:
            bit = self.random.choice(retired)
            self.driver.model.give_back(bit)
            return f"give back {bit}", {bit: {"retired": False}}
        return None

    def rename(self):
        driver, bit = self.driver, self.random.choice(self.own_bits())
        if len(driver.former) >= RENAMES or not driver.model.live >> bit & 1:
            return None
        category, action = driver.names[bit].split(".")
        driver.former[driver.names[bit]] = bit
        driver.names[bit] = f"{category}.name{len(driver.former)}"
        return f"rename {bit}", {bit: {"renamed_from": action}}

    def add(self):
        driver = self.driver
        free = [(category, bit) for category, window in driver.windows.items() if category != "apikeys"
                for bit in window if bit not in driver.names]
        if not free or len(self.new) > 6:
            return None
        category, bit = self.random.choice(free)
        self.new.add(bit)
        driver.names[bit] = f"{category}.new{bit}"
        driver.model.give_back(bit)
        return f"add {bit}", {}

    def set_preset(self):
        model = self.driver.model
        name = self.random.choice([name for name, (_, full) in model.presets.items() if not full])
        model.set_preset(name, self.driver.mask() & model.live or 1 << 48)
        return f"preset {name}", {}

    def file(self, marks):
        """All of the catalogue as a file says it; JSON is YAML. marks: what else it says of a bit."""
        driver, categories = self.driver, {}
        for category, window in driver.windows.items():
            scopes = {}
            for bit in sorted(driver.names):
                home, action = driver.names[bit].split(".")
                if home == category:
                    retired = {} if driver.model.live >> bit & 1 else {"retired": True}
                    scopes[action] = {"bit": bit, **retired, **marks.get(bit, {})}
            if category != "apikeys":
                categories[category] = {"bits": f"{window[0]}-{window[-1]}", "scopes": scopes}
        presets = {name: {"scopes": [driver.names[bit] for bit in sorted(driver.names) if mask >> bit & 1]}
                   for name, (mask, full) in driver.model.presets.items() if not full}
        return {"categories": categories, "presets": presets}

    # The end.

    def purge(self):
        driver = self.driver
        span = self.random.choice((1, 20, 600)) * SECOND
        there, now = len(driver.model.keys), driver.clock.now_ms
        gone = driver.model.purge(now - span)
        done = self.cli(f"purge older than {span} ms", "key", "purge", "--older-than", self.span(span), "--json")
        said = json.loads(done.stdout)
        assert (int(said["looked_at"]), int(said["purged"])) == (there, gone), f"{said}, not {there} and {gone}"
