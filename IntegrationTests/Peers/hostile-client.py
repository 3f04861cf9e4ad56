#!/usr/bin/env python3
"""Clients that nobody wants, against a server with TLS on 127.0.0.1. Prints one JSON object at the end, which SIGTERM brings on.

    hostile-client.py idle PORT COUNT SECONDS       COUNT connections that say nothing, half of them after a TLS handshake,
                                                    opened anew as they are closed; says "ready" once all were opened
    hostile-client.py headers PORT COUNT SECONDS    COUNT connections that send a byte of a header every quarter of a second
    hostile-client.py rush PORT THREADS SECONDS     THREADS that connect as fast as they can until the server is gone; says
                                                    "ready" once one has
    hostile-client.py storm PORT THREADS SECONDS TOKEN    THREADS that ask for /metrics one after the other
"""
import json, resource, signal, socket, ssl, sys, threading, time

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())


def connect(port, secure=True):
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return context.wrap_socket(plain) if secure else plain


def is_closed(connection):
    connection.settimeout(0)
    try:
        return connection.recv(4096) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True


def idle(port, count, seconds):
    connections, opened, closed, end = [], 0, 0, None
    while not over.is_set() and (end is None or time.monotonic() < end):
        while len(connections) < count:
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            if opened % 2:
                # The first flight of a handshake, and nothing after it.
                try:
                    connection.sendall(bytes.fromhex("160301"))
                except OSError:
                    pass  # closed already
            connections.append(connection)
            opened += 1
        if end is None:
            end = time.monotonic() + seconds
            print("ready", flush=True)
        time.sleep(0.2)
        alive = [connection for connection in connections if not is_closed(connection)]
        closed += len(connections) - len(alive)
        connections = alive
    return {"opened": opened, "closed": closed}


def headers(port, count, seconds):
    lives, lock = [], threading.Lock()

    def crawl():
        start = time.monotonic()
        try:
            connection = connect(port)
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            while time.monotonic() - start < seconds:
                connection.sendall(b"a")
                time.sleep(0.25)
                if is_closed(connection):
                    break
                connection.settimeout(10)
        except OSError:
            pass
        with lock:
            lives.append(time.monotonic() - start)

    run([threading.Thread(target=crawl) for _ in range(count)])
    return {"longest": max(lives), "shortest": min(lives)}


def rush(port, count, seconds):
    opened, lock, end = [0], threading.Lock(), time.monotonic() + seconds

    def knock():
        connections = []
        while time.monotonic() < end:
            try:
                connections.append(socket.create_connection(("127.0.0.1", port), timeout=10))
            except OSError:
                return
            with lock:
                opened[0] += 1
                if opened[0] == 1:
                    print("ready", flush=True)
            if len(connections) > 2000:
                connections.pop(0).close()

    run([threading.Thread(target=knock) for _ in range(count)])
    return {"opened": opened[0]}


def storm(port, count, seconds, token):
    codes, lock, end = {}, threading.Lock(), time.monotonic() + seconds

    def ask():
        request = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode()
        while not over.is_set() and time.monotonic() < end:
            try:
                connection = connect(port)
                connection.sendall(request)
                answer = b""
                while piece := connection.recv(65536):
                    answer += piece
                code = answer[9:12].decode() or "none"
                connection.close()
            except OSError:
                code = "refused"
            with lock:
                codes[code] = codes.get(code, 0) + 1

    run([threading.Thread(target=ask) for _ in range(count)])
    return codes


def run(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


verb, port, count, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
work = {"idle": idle, "headers": headers, "rush": rush, "storm": storm}[verb]
print(json.dumps(work(port, count, seconds, *sys.argv[5:])))
