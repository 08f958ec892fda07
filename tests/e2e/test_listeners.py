"""Where the transports listen: addresses, UNIX sockets, TLS."""
import hashlib
import shutil
import signal
import socket
import ssl
import stat
import subprocess

import grpc
import pytest

import raw_http2
from echo import until
from support import SLOW, bearer

Code = grpc.StatusCode


def test_a_unix_socket_is_its_owners_and_goes_with_the_server(echo, tmp_path):
    path = tmp_path / "check.sock"
    server = echo(f"unix:{path}", trusted=1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    server.lives()
    second = echo(f"unix:{path}", trusted=1)
    assert second.process.wait(30) == 2 and "another server listens" in second.log()
    server.lives()
    server.stop()
    assert not path.exists()


def test_a_stale_unix_socket_is_replaced_and_another_file_is_not(echo, tmp_path):
    path = tmp_path / "check.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    server = echo(f"unix:{path}", trusted=1)
    server.lives()
    server.stop()
    path.write_text("precious")
    refused = echo(f"unix:{path}", trusted=1)
    assert refused.process.wait(30) == 2 and "no socket" in refused.log()
    assert path.read_text() == "precious"


def test_a_unix_client_that_leaves_at_once_does_not_end_the_listening(echo, tmp_path):
    path = tmp_path / "check.sock"
    server = echo(f"unix:{path}", trusted=1)
    for _ in range(500):
        one = socket.socket(socket.AF_UNIX)
        one.connect(str(path))
        one.close()
    server.lives()


@pytest.mark.parametrize("address, flags, words", [
    ("0.0.0.0:0", {}, "off loopback"),
    ("0.0.0.0:0", {"trusted": 1}, "must be loopback"),
    ("127.0.0.1", {}, "must be like"),
    ("unix:/nonexistent/x.sock", {}, "No such file"),
    ("127.0.0.1:0", {"tls_cert": "/nonexistent", "tls_key": "/nonexistent"}, "certificate /nonexistent"),
])
def test_an_address_that_cannot_be_served_is_refused_and_why(echo, address, flags, words):
    server = echo(address, **flags)
    assert server.process.wait(30) == 2
    assert words in server.log()


def test_an_address_in_use_is_named(echo):
    first = echo()
    second = echo(f"127.0.0.1:{first.port}")
    assert second.process.wait(30) == 2
    assert f"127.0.0.1:{first.port}: in use" in second.log()


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """ca.pem, and for server, client and stranger NAME.pem and NAME.key; the stranger signed itself. chain.pem is of
    below.key, which an authority between it and ca.pem has signed; torn.pem is the same, cut off."""
    home = tmp_path_factory.mktemp("pki")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=home, check=True, capture_output=True)

    def request(name, *more):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-keyout", f"{name}.key", *more)

    def sign(name, authority, extensions):
        request(name, "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-days",
                "2", "-CAcreateserial", "-extfile", extensions, "-out", f"{name}.pem")

    (home / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    (home / "authority").write_text("basicConstraints=critical,CA:TRUE")
    for name in ("ca", "stranger"):
        request(name, "-x509", "-days", "2", "-out", f"{name}.pem")
    for name in ("server", "client"):
        sign(name, "ca", "names")
    sign("between", "ca", "authority")
    sign("below", "between", "names")
    chain = (home / "below.pem").read_text() + (home / "between.pem").read_text()
    (home / "chain.pem").write_text(chain)
    (home / "torn.pem").write_text(chain[:-100])
    both = (home / "stranger.pem").read_text() + (home / "ca.pem").read_text()
    (home / "authorities.pem").write_text(both)
    return home


def tls(pki, name=None):
    read = lambda file: (pki / file).read_bytes()
    if not name:
        return grpc.ssl_channel_credentials(read("ca.pem"))
    return grpc.ssl_channel_credentials(read("ca.pem"), read(f"{name}.key"), read(f"{name}.pem"))


def test_tls_serves_who_trusts_the_certificate_and_nobody_in_the_clear(echo, pki):
    server = echo("0.0.0.0:0", tls_cert=pki / "server.pem", tls_key=pki / "server.key")
    server.address = f"127.0.0.1:{server.port}"
    assert server.call("Echo", b"x", server.channel(tls(pki))) == b"x"
    assert server.status("Echo", b"x", server.channel())[0] == Code.UNAVAILABLE
    wrong = grpc.ssl_channel_credentials((pki / "stranger.pem").read_bytes())
    assert server.status("Echo", b"x", server.channel(wrong))[0] == Code.UNAVAILABLE
    assert server.call("Echo", b"x", server.channel(tls(pki))) == b"x"


def shake_hands(server, pki, version, protocols):
    """The protocol that was agreed on; None where there is no connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(pki / "ca.pem")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    if protocols:
        context.set_alpn_protocols(protocols)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10 * SLOW) as plain, \
                context.wrap_socket(plain, server_hostname="localhost") as secured:
            secured.sendall(raw_http2.PREFACE + raw_http2.frame(raw_http2.SETTINGS, 0, 0))
            return secured.selected_alpn_protocol() if secured.recv(1) else None
    except (ssl.SSLError, ConnectionError):
        return None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_only_h2_over_tls_1_2_and_1_3_is_spoken(echo, pki, transport):
    server = echo(tls_cert=pki / "server.pem", tls_key=pki / "server.key")
    version = ssl.TLSVersion
    for right in (version.TLSv1_2, version.TLSv1_3):
        assert shake_hands(server, pki, right, ["http/1.1", "h2"]) == "h2"
        assert shake_hands(server, pki, right, ["http/1.1"]) is None
        if transport == "h2":  # c-core talks to those who name no protocol
            assert shake_hands(server, pki, right, []) is None
    for wrong in (version.TLSv1, version.TLSv1_1):
        assert shake_hands(server, pki, wrong, ["h2"]) is None


def test_with_a_client_ca_only_its_clients_are_served(echo, pki):
    server = echo(tls_cert=pki / "server.pem", tls_key=pki / "server.key", tls_client_ca=pki / "ca.pem")
    assert server.call("Echo", b"x", server.channel(tls(pki, "client"))) == b"x"
    for stranger in (None, "stranger"):
        assert server.status("Echo", b"x", server.channel(tls(pki, stranger)))[0] == Code.UNAVAILABLE


def test_of_a_file_with_several_certificates_only_the_first_is_taken(echo, pki):
    server = echo(tls_cert=pki / "chain.pem", tls_key=pki / "below.key", tls_client_ca=pki / "authorities.pem")
    for name in ("client", "stranger"):
        assert server.call("Echo", b"x", server.channel(tls(pki, name))) == b"x"


@pytest.mark.parametrize("certificate, key, words", [
    ("server.pem", "client.key", "cannot be used"),
    ("torn.pem", "below.key", "cannot be used"),
    ("names", "server.key", "not PEM"),
    ("server.pem", "names", "not PEM"),
    ("server.key", "server.key", "cannot be used"),
])
def test_a_bad_certificate_is_refused_by_name(echo, pki, certificate, key, words):
    server = echo(tls_cert=pki / certificate, tls_key=pki / key)
    assert server.process.wait(30) == 2
    assert words in server.log() and str(pki) in server.log()


def certificate_of(address):
    """The fingerprint of what a new connection is shown."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(address))).hexdigest()


def test_a_certificate_is_read_again_and_a_bad_one_is_not_taken(new_server, protos, pki, tmp_path):
    """What renews certificates writes the files anew, and sends SIGHUP."""
    used = {name: tmp_path / name for name in ("cert.pem", "key.pem")}

    def put(name, key=None):
        shutil.copy(pki / f"{name}.pem", used["cert.pem"])
        shutil.copy(pki / f"{key or name}.key", used["key.pem"])

    def reload(server, words):
        begin = len(server.log())
        server.process.send_signal(signal.SIGHUP)
        until(lambda: words in server.log()[begin:])

    put("server")
    server = new_server(flags=["--tls-cert", used["cert.pem"], "--tls-key", used["key.pem"]])
    address = ("127.0.0.1", int(server.guarded_address.rsplit(":", 1)[1]))
    root = bearer(server.create_key("root", preset="full_access")[0])

    def ask(channel):
        return protos.check_grpc.CheckServiceStub(channel).Validate(
            protos.check.ValidateRequest(token="x"), metadata=root, timeout=30 * SLOW).reason

    with grpc.secure_channel(server.guarded_address, tls(pki)) as before:
        assert ask(before) == protos.check.REASON_MALFORMED_TOKEN
        first = certificate_of(address)
        put("client")  # signed for the same names
        assert certificate_of(address) == first
        reload(server, "read the certificate again")
        second = certificate_of(address)
        assert second != first
        put("server", key="client")
        reload(server, "the certificate stays as it was")
        used["cert.pem"].unlink()
        reload(server, "the certificate stays as it was")
        assert certificate_of(address) == second
        assert ask(before) == protos.check.REASON_MALFORMED_TOKEN
    with grpc.secure_channel(server.guarded_address, tls(pki)) as after:
        assert ask(after) == protos.check.REASON_MALFORMED_TOKEN
