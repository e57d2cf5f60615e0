"""A web server that answers well and badly, for tests.

    server.py [CERTIFICATES]

It listens on loopback on ports that the kernel picks, says which in one line of JSON, and ends with its standard input.
With a directory of certificates (see certificates.sh) it also speaks TLS, with each of them on a port of its own.
"""

import collections
import gzip
import http.server
import json
import socket
import ssl
import sys
import threading
import time
from urllib.parse import parse_qs, unquote, urlsplit

import websocket

seen = []
events = collections.defaultdict(threading.Event)


def noise(size):
    """Bytes that are no text, and the same each time; see WebServer.noise."""
    block = bytes((n * n * 31 + n // 7) & 0xFF for n in range(65537))
    return (block * (size // len(block) + 1))[:size]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body=b"", status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang(self):
        """Says no more until the other side has gone."""
        self.wfile.flush()
        self.close_connection = True
        while self.connection.recv(4096):
            pass

    def part(self):
        """Closes the connection at once."""
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def handle_any(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        seen.append(f"{self.command} {self.path}")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        number = int(query.get("n", 0))
        match url.path:
            case "/hello":
                self.answer(b"hello", Content_Type="text/plain", X_Twice="a")
            case "/seen":
                self.answer(json.dumps(seen).encode(), Content_Type="application/json")
            case "/echo":
                text = body.decode("latin-1")
                headers = [[name.lower(), value] for name, value in self.headers.items()]
                said = {"method": self.command, "path": self.path, "headers": headers, "body": text}
                self.answer(json.dumps(said).encode(), Content_Type="application/json")
            case "/status":
                self.answer(b"no", status=number)
            case "/redirect":
                self.answer(b"elsewhere", status=number or 302, Location=unquote(query["to"]))
            case "/around":
                self.answer(status=302, Location="/around")
            case "/noise":
                self.answer(noise(number), Content_Type="application/octet-stream")
            case "/stream":
                # As much as was asked for, without saying so before.
                self.send_response(200)
                self.end_headers()
                self.close_connection = True
                self.wfile.write(noise(number))
            case "/bytes":
                self.answer(bytes.fromhex(query.get("hex", "")), Content_Type=query.get("type", ""))
            case "/file":
                # One of the test's, which is too large for a URL.
                with open(query["path"], "rb") as file:
                    self.answer(file.read())
            case "/drip":
                # A byte now and then, and never the last one.
                self.send_response(200)
                self.send_header("Content-Length", "1000000")
                self.end_headers()
                self.close_connection = True
                while True:
                    self.wfile.write(b".")
                    self.wfile.flush()
                    time.sleep(0.1)
            case "/text":
                self.answer(b"\x01" * number, Content_Type="text/plain")
            case "/compressed":
                self.answer(gzip.compress(b"0" * number), Content_Encoding="gzip")
            case "/wait":
                # Until another request lets it go on.
                events[query["name"]].wait(60)
                self.answer(b"released")
            case "/release":
                events[query["name"]].set()
                self.answer()
            case "/silent":
                self.hang()
            case "/half":
                self.send_response(200)
                self.send_header("Content-Length", "1000000000")
                self.end_headers()
                self.wfile.write(noise(number))
                self.hang()
            case "/headers":
                self.close_connection = True
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for line in range(number):
                    self.wfile.write(b"X-%d: %s\r\n" % (line, b"v" * int(query["size"])))
                self.hang()
            case "/port":
                # The client's, by which it can tell whether a connection is the same as before.
                self.answer(str(self.client_address[1]).encode())
            case "/leave":
                # Closes an idle connection without having said that it would, and lets a waiter know when it has.
                self.answer(b"bye")
                self.part()
                events[query["name"]].set()
            case "/drop":
                # Reads a request, and goes without an answer.
                self.part()
            case "/websocket":
                self.close_connection = True
                name = query.get("name", "")
                websocket.serve(self, lambda what: seen.append(f"websocket {name}: {what}"))
                events[name].set()
            case "/chunks":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.close_connection = True
                self.wfile.write(b"5\r\nhello\r\nthis is no chunk\r\n")
            case "/truncated":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.close_connection = True
                self.wfile.write(b"ten bytes.")
            case "/nonsense":
                self.close_connection = True
                self.wfile.write(b"220 smtp.example.com ESMTP\r\n\r\n")
            case _:
                self.answer(b"not here", status=404)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class SecureServer(Server):
    context = None

    def get_request(self):
        connection, address = self.socket.accept()
        # The handshake is the handler thread's.
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


def listen(kind):
    server = kind(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


ports = {"plain": listen(Server).server_port, "other": listen(Server).server_port}
if len(sys.argv) > 1:
    for name in ["good", "stranger", "expired", "selfsigned", "old"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        chain = "good" if name == "old" else name
        context.load_cert_chain(f"{sys.argv[1]}/{chain}.pem", f"{sys.argv[1]}/{chain}.key")
        if name == "old":
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        server = listen(SecureServer)
        server.context = context
        ports[name] = server.server_port
print(json.dumps(ports), flush=True)
sys.stdin.read()
