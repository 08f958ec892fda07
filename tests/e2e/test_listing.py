"""Long listings, page by page, while others write.

BITTING_LISTED_KEYS says how many keys there are: 6,000 unless told; 100,000 is what the project promises."""
import json
import os
import threading
import time

import pytest

import support

LEAST = 6000  # the last 1,000 of them, which one call brings in any order, lie behind the 4,096 rows of a page
LISTED = max(LEAST, int(os.environ.get("BITTING_LISTED_KEYS", "0")) // support.SLOW)
WRITES = 3  # at least, between one page and the next
TOUCHED = 5  # every so many keys are changed while others list them


class Store:
    def __init__(self, server, protos):
        self.server, self.protos = server, protos
        self.root = support.bearer(server.create_key("root", preset="full_access")[0])
        self.keys = self.service()
        self.made = []  # (id, name, organization) in the order of creation
        while len(self.made) < LISTED:
            self.bring(min(1000, LISTED - len(self.made)))

    def service(self):
        return self.protos.key_grpc.KeyServiceStub(self.server.guarded())

    def bring(self, count):
        proto, items = self.protos.key, []
        for number in range(len(self.made), len(self.made) + count):
            rare = number >= LISTED - 3
            fields = {"kind": 3, "org_id": "acme"} if number % 3 == 0 else {}
            key = proto.CreateKeyRequest(name="rare" if rare else f"n{number % 7}-{number}", **fields)
            items.append(proto.ImportKey(token=f"legacy-token-{number}", key=key))
        results = self.keys.ImportKeys(proto.ImportKeysRequest(keys=items), metadata=self.root).results
        assert not any(result.code for result in results)
        self.made += [(result.key_id, item.key.name, item.key.org_id) for result, item in zip(results, items)]

    def pages(self, **filters):
        page_token = ""
        while True:
            page = self.keys.ListKeys(self.protos.key.ListKeysRequest(page_token=page_token, **filters),
                                      metadata=self.root)
            yield [key.key_id for key in page.keys]
            page_token = page.next_page_token
            if not page_token:
                return


class Writer(threading.Thread):
    """Makes, changes, ends and forgets keys until it is told to stop; of those that are listed, every TOUCHED-th."""

    def __init__(self, store):
        super().__init__()
        self.store, self.keys, self.wanted, self.writes, self.error = store, store.service(), True, 0, None
        self.wrote = threading.Condition()
        self.touched = [key_id for key_id, _, _ in store.made[::TOUCHED]]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.wanted = False
        self.join()
        assert self.error is None, self.error

    def run(self):
        try:
            while self.wanted and self.writes < LISTED:
                self.write()
                with self.wrote:
                    self.writes += 1
                    self.wrote.notify()
        except Exception as error:  # the test tells it
            self.error = error
        with self.wrote:
            self.wanted = False
            self.wrote.notify()

    def wait(self, more):
        """Until it has written some more, or writes no longer."""
        with self.wrote:
            enough = self.writes + more
            self.wrote.wait_for(lambda: self.writes >= enough or not self.wanted)

    def write(self):
        proto, root, number = self.store.protos.key, self.store.root, self.writes
        if number % 3 == 0 or len(self.touched) < 2:
            self.keys.CreateKey(proto.CreateKeyRequest(name="n3-new", kind=3, org_id="acme"), metadata=root)
        elif number % 3 == 1:
            self.keys.RevokeKey(proto.RevokeKeyRequest(key_id=self.touched.pop(0)), metadata=root)
        else:
            change = proto.UpdateKeyRequest(key_id=self.touched.pop(), update_mask={"paths": ["metadata"]},
                                            metadata='{"n": %d}' % number)
            self.keys.UpdateKey(change, metadata=root)
        if number % 500 == 499:
            done = self.store.server.cli("key", "purge", "--older-than", "1s")
            assert done.returncode == 0, done.stderr


@pytest.fixture
def store(server, protos):
    return Store(server, protos)


@pytest.mark.parametrize("transport", ["grpc"], indirect=True)
def test_a_long_listing_has_gaps_or_repeats_while_others_write(store):
    listings = [({"page_size": 1000}, lambda name, org: True),
                ({"page_size": 97, "name_prefix": "n3-"}, lambda name, org: name.startswith("n3-")),
                ({"page_size": 500, "org_id": "acme"}, lambda name, org: org == "acme")]
    with Writer(store) as writer:
        for filters, matches in listings:
            before, began = writer.writes, time.monotonic()
            seen, pages = [], 0
            for page in store.pages(**filters):
                seen += page
                pages += 1
                writer.wait(WRITES)
            print(f"{filters}: {len(seen)} keys on {pages} pages in {time.monotonic() - began:.1f} s, beside "
                  f"{writer.writes - before} writes")
            assert seen == sorted(set(seen)), "a key came twice, or out of order"
            untouched = {key_id for number, (key_id, name, org) in enumerate(store.made)
                         if number % TOUCHED and matches(name, org)}
            others = {key_id for key_id, name, org in store.made if not matches(name, org)}
            assert untouched <= set(seen), "a key is missing"
            assert not others & set(seen), "a key does not match"
            assert writer.writes > before


@pytest.mark.parametrize("transport", ["grpc"], indirect=True)
def test_a_listing_ends_at_a_page_that_found_nothing(store):
    rare = sorted(key_id for key_id, name, _ in store.made if name == "rare")
    pages = list(store.pages(name_prefix="rare"))
    assert pages[0] == [] and [key_id for page in pages for key_id in page] == rare
    done = store.server.cli("key", "list", "--name-prefix", "rare", "--json")
    assert [key["key_id"] for key in json.loads(done.stdout)["keys"]] == rare
    everything = store.server.cli("key", "list", "--json")
    assert len(json.loads(everything.stdout)["keys"]) == LISTED + 1
