#!/usr/bin/python3
"""A process of ExaBGP's: writes down what it is told, and passes commands on.

Usage: exabgp-process.py EVENTS COMMANDS

What ExaBGP tells goes to the file EVENTS, after a line `begun`; lines that are added to the file COMMANDS go to ExaBGP.
"""
import os
import sys
import threading
import time


def pass_on(path):
    with open(path) as commands:
        commands.seek(0, os.SEEK_END)
        while True:
            line = commands.readline()
            if line:
                sys.stdout.write(line)
                sys.stdout.flush()
            else:
                time.sleep(0.05)


def main(events, commands):
    threading.Thread(target=pass_on, args=(commands,), daemon=True).start()
    # ExaBGP's pipe does not block by itself.
    os.set_blocking(sys.stdin.fileno(), True)
    with open(events, "a", buffering=1) as output:
        output.write("begun\n")
        for line in sys.stdin:
            # Texts of NOTIFICATIONs are quoted with their length octet, which no JSON may contain.
            output.write("".join(c for c in line if c.isprintable()) + "\n")


main(*sys.argv[1:])
