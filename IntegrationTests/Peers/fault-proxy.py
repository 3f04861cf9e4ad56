"""An API server that lies, drops, stalls and dies on command: a proxy before a real one.

Usage: fault-proxy.py KUBECONFIG      prints the port of loopback on which it serves plain HTTP

PUT /faults takes a list of rules; the first that matches a request and has times left applies. A rule:
  method, path (regular expression, searched in path and query), watch (true or false), times (absent: for ever)
  delay      seconds before anything else happens
  action     "status" answers `code` with `body` and `headers`; "close" ends the connection without an answer; "silence" never
             answers; "truncate" passes on the first half of the body and ends; "replace" passes the answer on with the text
             `from` replaced by `to`; "garbage" adds a line to a watch that is no JSON; none passes the request on
DELETE /watches ends all watches at once, PUT /watches/frozen keeps them open and passes on nothing any more.
GET /requests answers how many requests each "METHOD path" had, without queries.
"""

import base64
import collections
import http.client
import json
import re
import ssl
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import yaml

lock = threading.Lock()
rules = []
watches = set()
frozen = set()
requests = collections.Counter()


def load(path):
    with open(path) as file:
        config = yaml.safe_load(file)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    server = urlsplit(cluster["server"])
    context = None
    if server.scheme == "https":
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        if "client-certificate-data" in user:
            with tempfile.NamedTemporaryFile() as pair:
                pair.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
                pair.flush()
                context.load_cert_chain(pair.name)
    return server, context, user.get("token")


server, context, token = load(sys.argv[1])


def connect():
    if context is None:
        return http.client.HTTPConnection(server.hostname, server.port, timeout=600)
    return http.client.HTTPSConnection(server.hostname, server.port, timeout=600, context=context)


def take_rule(method, path):
    watch = "watch=true" in path or "watch=1" in path
    with lock:
        for rule in rules:
            if rule.get("times", 1) <= 0 or rule.get("method", method) != method or rule.get("watch", watch) != watch:
                continue
            if re.search(rule.get("path", ""), path):
                if "times" in rule:
                    rule["times"] -= 1
                return rule
    return {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, body=b"", headers=None):
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def control(self, body):
        if self.path == "/faults":
            with lock:
                rules[:] = json.loads(body)
        elif self.path == "/watches":
            with lock:
                ending = list(watches)
                watches.clear()
            for handler in ending:
                try:
                    handler.connection.shutdown(2)
                except OSError:
                    pass  # the client was faster
        elif self.path == "/watches/frozen":
            with lock:
                frozen.update(watches)
        elif self.path == "/requests":
            with lock:
                return self.answer(200, json.dumps(requests).encode())
        self.answer(200, b"{}")

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path in ("/faults", "/watches", "/watches/frozen", "/requests"):
            return self.control(body)
        with lock:
            requests[f"{self.command} {urlsplit(self.path).path}"] += 1
        rule = take_rule(self.command, self.path)
        action = rule.get("action")
        time.sleep(rule.get("delay", 0))
        if action == "status":
            return self.answer(rule["code"], rule.get("body", "").encode(), rule.get("headers"))
        if action == "silence":
            time.sleep(600)
        if action in ("close", "silence"):
            self.close_connection = True
            return self.connection.shutdown(2)
        self.forward(body, rule, action)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

    def forward(self, body, rule, action):
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "connection", "authorization", "accept-encoding")}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        upstream = connect()
        try:
            try:
                upstream.request(self.command, self.path, body, headers)
                response = upstream.getresponse()
            except OSError:
                self.close_connection = True
                return self.connection.shutdown(2)
            if "watch=true" in self.path or "watch=1" in self.path:
                return self.stream(response, action, rule)
            content = response.read()
            if action == "replace":
                content = content.replace(rule["from"].encode(), rule["to"].encode())
            kept = {name: value for name, value in response.getheaders()
                    if name.lower() in ("content-type", "retry-after", "warning")}
            if action != "truncate":
                return self.answer(response.status, content, kept)
            self.send_response(response.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)
        finally:
            upstream.close()

    def stream(self, response, action, rule):
        self.send_response(response.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        with lock:
            watches.add(self)
        try:
            if action == "garbage":
                self.chunk(b'{"type": "MODIFIED", "object": {"kind": \xff\n')
            while True:
                line = response.readline()
                if not line:
                    break
                with lock:
                    silent = self in frozen
                if silent:
                    continue
                if action == "replace":
                    line = line.replace(rule["from"].encode(), rule["to"].encode())
                self.chunk(line)
                if action == "truncate":
                    return self.connection.shutdown(2)
            self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException):
            pass
        finally:
            with lock:
                watches.discard(self)

    def chunk(self, line):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


serving = Server(("127.0.0.1", 0), Handler)
print(serving.server_port, flush=True)
serving.serve_forever()
