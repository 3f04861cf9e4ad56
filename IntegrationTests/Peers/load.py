"""Asks a web server again and again, each time on a new connection, and tells of each request when it began and how long it took.

Usage: load.py ADDRESS SECONDS
Prints one line a request: the time of day at its beginning, its duration, 1 if it was answered, 1 if the kernel had to send
something of it again.
"""

import socket
import struct
import sys
import threading
import time

INTERVAL = 0.02
TIMEOUT = 3
TOTAL_RETRANS = 100  # Where struct tcp_info tells how many segments were sent again.


def ask(address):
    begun, start = time.time(), time.monotonic()
    answered = was_resent = False
    try:
        with socket.create_connection((address, 80), TIMEOUT) as connection:
            connection.settimeout(TIMEOUT)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: load\r\nConnection: close\r\n\r\n")
            answered = connection.recv(4096).startswith(b"HTTP/1.1 200")
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TOTAL_RETRANS + 4)
            was_resent = struct.unpack_from("I", info, TOTAL_RETRANS)[0] > 0
    except OSError:
        pass
    print(f"{begun:.6f} {time.monotonic() - start:.6f} {int(answered)} {int(was_resent)}", flush=True)


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
