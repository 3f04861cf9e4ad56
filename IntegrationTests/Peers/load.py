"""Asks a web server again and again, each time on a new connection, and tells of each request when it began and how long it took.

Usage: load.py ADDRESS SECONDS
Prints one line a request: the time of day at its beginning, its duration, 1 if it was answered.
"""

import socket
import sys
import threading
import time

INTERVAL = 0.02
TIMEOUT = 3


def ask(address):
    begun, start = time.time(), time.monotonic()
    answered = False
    try:
        with socket.create_connection((address, 80), TIMEOUT) as connection:
            connection.settimeout(TIMEOUT)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: load\r\nConnection: close\r\n\r\n")
            answered = connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        pass
    print(f"{begun:.6f} {time.monotonic() - start:.6f} {int(answered)}", flush=True)


def main():
    address, seconds = sys.argv[1], float(sys.argv[2])
    end, due, threads = time.monotonic() + seconds, time.monotonic(), []
    while due < end:
        time.sleep(max(0, due - time.monotonic()))
        thread = threading.Thread(target=ask, args=(address,))
        thread.start()
        threads.append(thread)
        due += INTERVAL
    for thread in threads:
        thread.join()


main()
