"""The API of the demo: answers every request with what it got. usage: echo.py PORT"""
import http.server
import json
import sys


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        seen = {name: value for name, value in self.headers.items() if name.startswith(("x-bitting", "auth"))}
        body = (json.dumps({"path": self.path, "headers": seen}, indent=2) + "\n").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo)
print("ready")
server.serve_forever()
