"""Real Envoy in front of an upstream that says what it got, with ext_authz asking a bitting server."""
import http.server
import importlib.util
import json
import pathlib
import socket
import subprocess
import threading
import time

BINARY = pathlib.Path(importlib.util.find_spec("envoy").submodule_search_locations[0]) / "_bin" / "envoy"
START_SECONDS = 60
FAMILY = "x-bitting-"


class Upstream(http.server.ThreadingHTTPServer):
    """Answers every request with a JSON object: method, path, and headers as a list of pairs."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Echo)
        self.asked = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.server.asked += 1
        size = int(self.headers.get("content-length", 0))
        seen = {"method": self.command, "path": self.path, "headers": self.headers.items(),
                "body": self.rfile.read(size).decode("latin-1")}
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def address(host, port):
    return {"socket_address": {"address": host, "port_value": port}}


def cluster(name, host, port, http2=False, unix=None):
    where = {"pipe": {"path": unix}} if unix else address(host, port)
    made = {"name": name, "type": "STATIC", "connect_timeout": "1s", "load_assignment": {
        "cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": where}}]}]}}
    if http2:
        made["typed_extension_protocol_options"] = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}}}}
    return made


def route(prefix, **context):
    """A route for a prefix; the context is what ext_authz is told of it."""
    made = {"match": {"prefix": prefix}, "route": {"cluster": "upstream"}}
    if context:
        made["typed_per_filter_config"] = {"envoy.filters.http.ext_authz": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
            "check_settings": {"context_extensions": context}}}
    return made


def ext_authz(authorization="", **more):
    service = {"envoy_grpc": {"cluster_name": "bitting"}, "timeout": "5s"}
    if authorization:
        service["initial_metadata"] = [{"key": "authorization", "value": f"Bearer {authorization}"}]
    return {"name": "envoy.filters.http.ext_authz", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3", "grpc_service": service, **more}}


ROUTER = {"name": "envoy.filters.http.router", "typed_config": {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}


class Envoy:
    """routes: what route() gives. manager: fields of the connection manager. filter: of ext_authz()."""

    def __init__(self, folder, server_address, routes, manager=None, log_format=None, tcp_filters=None,
                 **filter_fields):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.upstream = Upstream()
        self.port, self.tcp_port = free_port(), free_port()
        self.access_log = self.folder / "access.log"
        host, port = server_address.rsplit(":", 1)
        config = self.config(host, int(port), routes, manager or {}, log_format, filter_fields)
        if tcp_filters:
            config["static_resources"]["listeners"].append({
                "name": "tcp", "address": address("127.0.0.1", self.tcp_port),
                "filter_chains": [{"filters": tcp_filters}]})
        (self.folder / "envoy.json").write_text(json.dumps(config), encoding="utf-8")
        self.log_file = self.folder / "envoy.log"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [BINARY, "-c", str(self.folder / "envoy.json"), "--disable-hot-restart", "--concurrency", "2",
                 "-l", "warning"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait()

    def config(self, host, port, routes, manager, log_format, filter_fields):
        log = [{"name": "envoy.access_loggers.file", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(self.access_log), "log_format": {"json_format": log_format}}}] if log_format else []
        connection_manager = {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
                     ".HttpConnectionManager",
            "stat_prefix": "ingress", "codec_type": "AUTO", "access_log": log,
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
            "http_filters": [ext_authz(**filter_fields), ROUTER], **manager}
        listener = {"name": "ingress", "address": address("127.0.0.1", self.port), "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": connection_manager}]}]}
        return {"static_resources": {"listeners": [listener], "clusters": [
            cluster("upstream", "127.0.0.1", self.upstream.server_port), cluster("bitting", host, port, http2=True)]}}

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process.poll() is None, f"Envoy ended: {self.log()}"
            assert time.monotonic() < deadline, f"Envoy is not ready: {self.log()}"
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def logged(self, count):
        """The access log, once it has that many lines."""
        deadline = time.monotonic() + 30
        while True:
            lines = self.access_log.read_text(encoding="utf-8").splitlines() if self.access_log.exists() else []
            if len(lines) >= count:
                return [json.loads(line) for line in lines]
            assert time.monotonic() < deadline, f"{len(lines)} lines in the access log"
            time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.upstream.shutdown()
        self.upstream.server_close()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return [value for key, value in self.headers if key.lower() == name]

    def json(self):
        return json.loads(self.body)

    def upstream(self, name):
        """Values of a header that upstream got."""
        return [value for key, value in self.json()["headers"] if key.lower() == name]

    def identity(self):
        """All that upstream got and could take for an identity."""
        found = {}
        for name, value in self.json()["headers"]:
            if name.lower().replace("_", "-").startswith(FAMILY):
                found.setdefault(name.lower(), []).append(value)
        return found


def ask(port, target, headers=(), method="GET", body=b"", host="api.example.com"):
    """One request over HTTP/1.1, bytes as they are given; names and values are sent untouched."""
    lines = [f"{method} {target} HTTP/1.1", f"host: {host}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"content-length: {len(body)}")
    raw = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(raw)
        return read_answer(connection)


def read_answer(connection):
    reader = connection.makefile("rb")
    status_line = reader.readline().decode("latin-1")
    assert status_line, "the connection was closed without an answer"
    headers = []
    for line in iter(reader.readline, b"\r\n"):
        if not line:
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    sizes = [value for name, value in headers if name.lower() == "content-length"]
    # To the end only where there is no other way: Envoy keeps a refused connection open for a second.
    return Answer(int(status_line.split()[1]), headers, reader.read(int(sizes[0])) if sizes else reader.read())
