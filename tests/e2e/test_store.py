"""`bitting store`: what an operator does with the file."""
import json
import os
import re
import shutil

import grpc
import pytest

import support


def test_a_backup_under_load_lacks_what_was_acknowledged(tmp_path, server):
    token, key = server.create_key(scopes=["users.read"])
    backup = tmp_path / "backup.mdb"
    done = server.cli("store", "backup", backup)
    assert done.returncode == 0, done.stderr
    assert oct(os.stat(backup).st_mode)[-3:] == "600"
    server.create_key("after the backup")

    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    shutil.copy(backup, restored / "bitting.mdb")
    shutil.copy(server.data / "pepper", restored / "pepper")
    listed = json.loads(support.run("key", "list", "--json", "--data", restored).stdout)
    assert [found["key_id"] for found in listed["keys"]] == [key["key_id"]]
    done = support.run("check", "--data", restored, "--env", "test", "--scope", "users.read", token=token)
    assert done.returncode == 0, done.stderr


def test_a_backup_without_its_pepper_is_opened(tmp_path, server):
    server.create_key()
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    server.cli("store", "backup", restored / "bitting.mdb")
    done = support.run("serve", "--data", restored)
    assert done.returncode == 1
    assert "pepper" in done.stderr and str(restored) in done.stderr
    assert not (restored / "pepper").exists()


def test_a_backup_to_nowhere_succeeds(tmp_path, server):
    done = server.cli("store", "backup", tmp_path / "missing" / "backup.mdb")
    assert done.returncode == 1
    assert "missing/backup.mdb" in done.stderr


def test_a_backup_takes_the_place_of_the_store(server):
    os.symlink(server.data / "bitting.mdb", server.data.parent / "link.mdb")
    before = os.stat(server.data / "bitting.mdb").st_ino
    for path in (server.data / "bitting.mdb", server.data.parent / "link.mdb"):
        done = server.cli("store", "backup", path)
        assert done.returncode == 1 and "the store itself" in done.stderr
        assert os.stat(server.data / "bitting.mdb").st_ino == before


def test_a_backup_replaces_a_device_or_a_folder(server, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", server.data):
        done = server.cli("store", "backup", path)
        assert done.returncode == 1 and "no regular file" in done.stderr
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(os.geteuid() != 0, reason="who is not root cannot give files to another")
def test_a_command_of_root_locks_out_the_user_of_the_store(server):
    server.stop()
    for path in (server.data, *server.data.iterdir()):
        os.chown(path, 65534, 65534)
    (server.data / "bitting.mdb-lock").unlink()
    assert server.cli("store", "verify").returncode == 0
    assert os.stat(server.data / "bitting.mdb-lock").st_uid == 65534


def test_a_good_store_has_problems(server):
    for number in range(5):
        server.create_key(f"key {number}", kind="personal", user=f"user-{number}")
    done = server.cli("store", "verify")
    assert done.returncode == 0 and done.stdout.startswith("5 keys, 0 problems"), done
    found = json.loads(server.cli("store", "verify", "--json").stdout)
    assert int(found["keys"]) == 5 and int(found["problems"]) == 0


def store_id(data):
    return json.loads(support.run("store", "verify", "--json", "--data", data).stdout)["store_id"]


def test_a_restored_store_cannot_be_told_from_the_one_that_it_was(new_server):
    server = new_server()
    before = store_id(server.data)
    assert re.search(rf" ready .*store={before}\b", server.log()) and re.fullmatch("[0-9a-f]{32}", before)
    assert before in server.cli("store", "verify").stdout
    backup = server.data.parent / "backup.mdb"
    assert server.cli("store", "backup", backup).returncode == 0
    server.stop()
    os.replace(backup, server.data / "bitting.mdb")
    server.start()
    after = store_id(server.data)
    assert after != before and f"store={after}" in server.log()


@pytest.mark.parametrize("name", ["bitting.mdb", "bitting.mdb-lock"])
def test_a_server_goes_on_answering_from_a_file_that_was_replaced(new_server, protos, name):
    """Nobody would see in it what is written from then on, such as a revocation."""
    server = new_server(http=True)
    token, key = server.create_key("a", ["users.read"])
    copy = server.data / "copy"
    if name == "bitting.mdb":
        assert server.cli("store", "backup", copy).returncode == 0
    else:
        shutil.copy(server.data / name, copy)
    question = protos.check.CheckScopeRequest(token=token, scopes=["users.read"], environment="test")
    stub = protos.check_grpc.CheckServiceStub(server.trusted())
    assert stub.CheckScope(question).allowed
    os.replace(copy, server.data / name)
    assert server.process.wait(support.STOP_SECONDS) == 1
    assert " error ending: store " in server.log() and "was replaced" in server.log()
    with pytest.raises(grpc.RpcError) as refused:
        stub.CheckScope(question)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    server.start()
    assert server.cli("key", "revoke", key["key_id"]).returncode == 0
    stub = protos.check_grpc.CheckServiceStub(server.trusted())
    assert stub.CheckScope(question).reason == protos.check.REASON_REVOKED


def test_a_backup_made_beside_a_server_holds_what_was_there(server, tmp_path):
    token, _ = server.create_key("before", ["users.read"])
    copy = tmp_path / "copy.mdb"
    assert server.cli("store", "backup", copy).returncode == 0
    server.create_key("after")
    assert server.cli("store", "backup", tmp_path / "none" / "copy.mdb").returncode == 1
    server.stop()
    shutil.copy(copy, server.data / "bitting.mdb")
    server.start()
    listed = json.loads(server.cli("key", "list", "--json").stdout)["keys"]
    assert [key["name"] for key in listed] == ["before"]
    assert server.cli("check", "--env", "test", "--scope", "users.read", token=token).returncode == 0


def test_verify_counts_keys_and_sees_damage(server):
    _, key = server.create_key("a", ["users.read"])
    assert server.cli("store", "verify").stdout.startswith("1 keys, 0 problems")
    assert json.loads(server.cli("store", "verify", "--json").stdout)["problems"] == "0"
    server.stop()
    store = server.data / "bitting.mdb"
    content, identifier = store.read_bytes(), bytes.fromhex(key["key_id"])
    places = [found.start() for found in re.finditer(re.escape(identifier), content)]
    exit_codes = []
    for at in places:
        store.write_bytes(content[:at] + bytes(16) + content[at + 16:])
        exit_codes.append(server.cli("store", "verify").returncode)
    # A page that is free may still hold a copy, which nobody misses.
    assert len(places) >= 2 and exit_codes.count(1) >= 2
    store.write_bytes(content)
