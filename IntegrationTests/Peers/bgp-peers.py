#!/usr/bin/python3
"""BGP routers that behave, and some that do not.

Usage: bgp-peers.py STATUS AS ADDRESS=BEHAVIOUR...

Each address listens on port 179, takes IPv4 routes and tells in the file STATUS, as JSON, what it has seen. Behaviours:

    steady    a router like others
    flapping  closes every session half a second after it was established
    deaf      reads nothing any more in its first session once it has routes, and goes on sending KEEPALIVEs
    leaving   says much at once in its first session, and then that it goes
    garbage   says something wrong in each session, a different thing every time, and then is steady
"""
import asyncio
import json
import os
import random
import socket
import struct
import sys

MARKER = b"\xff" * 16
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4
HOLD_TIME = 90


def message(kind, body=b""):
    return MARKER + struct.pack("!HB", 19 + len(body), kind) + body


def open_message(asn, address, version=4, hold=HOLD_TIME, identifier=None):
    capabilities = b"\x01\x04\x00\x01\x00\x01" + b"\x02\x00" + b"\x41\x04" + struct.pack("!I", asn)
    parameters = bytes([2, len(capabilities)]) + capabilities
    identifier = socket.inet_aton(address) if identifier is None else identifier
    body = struct.pack("!BHH", version, min(asn, 23456), hold) + identifier + bytes([len(parameters)]) + parameters
    return message(OPEN, body)


def update(attributes, prefixes=b"\x18\xc0\x00\x02"):
    return message(UPDATE, b"\0\0" + struct.pack("!H", len(attributes)) + attributes + prefixes)


ORIGIN = b"\x40\x01\x01\x00"
NEXT_HOP = b"\x40\x03\x04\xc6\x12\x01\x63"


def as_path(asn):
    return b"\x40\x02\x06\x02\x01" + struct.pack("!I", asn)


def noise(count):
    return random.Random(count).randbytes(count)


def fuzzed(asn):
    """UPDATEs whose attributes are good ones with octets changed, and their length as it should be."""
    dice = random.Random(4271)
    good = ORIGIN + as_path(asn) + NEXT_HOP + b"\x80\x04\x04\0\0\0\5" + b"\xc0\x08\x04\xfc\xbc\0\x78" + b"\x40\x05\x04\0\0\0\1"
    result = b""
    for _ in range(500):
        octets = bytearray(good)
        for _ in range(dice.randrange(1, 4)):
            octets[dice.randrange(len(octets))] = dice.randrange(256)
        result += update(bytes(octets))
    return result


def mistakes(asn, address):
    """What is said instead of an OPEN or after the session is up, and how it has to end: code and subcode of the NOTIFICATION,
    `closed` where there is nothing to say, `goes on` where the session has to survive, `any` where both will do."""
    hello = open_message(asn, address)
    attributes = ORIGIN + as_path(asn) + NEXT_HOP
    return [
        # Instead of an OPEN.
        ("noise", noise(600), False, "1.1"),
        ("a wrong marker", b"\0" + hello[1:], False, "1.1"),
        ("a message that is too short", MARKER + b"\0\x12\x01", False, "1.2"),
        ("a message that is too long", MARKER + b"\xff\xff\x01", False, "1.2"),
        ("an unknown type", message(9), False, "1.3"),
        ("half a message", hello[:30], False, "closed"),
        ("a KEEPALIVE first", message(KEEPALIVE), False, "5.1"),
        ("another version", open_message(asn, address, version=3), False, "2.1"),
        ("another AS", open_message(asn + 1, address), False, "2.2"),
        ("no identifier", open_message(asn, address, identifier=b"\0\0\0\0"), False, "2.3"),
        ("a hold time of two seconds", open_message(asn, address, hold=2), False, "2.6"),
        ("an OPEN that is cut short", message(OPEN, hello[19:24]), False, "1.2"),
        ("parameters longer than the OPEN", hello[:28] + b"\xff" + hello[29:], False, "2.0"),
        # In a session.
        ("a second OPEN", hello, True, "5.3"),
        ("attributes longer than the message", message(UPDATE, b"\0\0\xff\xff" + attributes), True, "3.1"),
        ("withdrawals longer than the message", message(UPDATE, b"\xff\xff\0\0"), True, "3.1"),
        ("a prefix of 40 bits", update(attributes, b"\x28\xc0\0\2\1\1"), True, "3.10"),
        ("a KEEPALIVE with something in it", message(KEEPALIVE, b"\0"), True, "1.2"),
        ("no ORIGIN", update(as_path(asn) + NEXT_HOP), True, "goes on"),
        ("an ORIGIN of five octets", update(b"\x40\x01\x05\0\0\0\0\0" + as_path(asn) + NEXT_HOP), True, "goes on"),
        ("an ORIGIN that is optional", update(b"\xc0\x01\x01\0" + as_path(asn) + NEXT_HOP), True, "goes on"),
        ("communities of three octets", update(attributes + b"\xc0\x08\x03\1\2\3"), True, "goes on"),
        ("an AS path that overruns", update(ORIGIN + b"\x40\x02\x04\x02\xff\0\1" + NEXT_HOP), True, "goes on"),
        ("an attribute that nobody knows", update(attributes + b"\xc0\xee\x02\1\2"), True, "goes on"),
        ("five hundred UPDATEs with octets changed", fuzzed(asn), True, "any"),
        ("a NOTIFICATION of an unknown kind", message(NOTIFICATION, b"\xee\xee" + noise(200)), True, "closed"),
    ]


class Router:
    def __init__(self, address, asn, behaviour):
        self.address, self.asn, self.behaviour = address, asn, behaviour
        self.sessions = 0
        self.isUp = False
        self.prefixes = set()
        self.updates = 0
        self.answers = {}
        # Of the latest session.
        self.writer = None
        self.mistakes = mistakes(asn, address) if behaviour == "garbage" else []

    def status(self):
        return {
            "sessions": self.sessions, "isUp": self.isUp, "prefixes": sorted(self.prefixes), "updates": self.updates,
            "answers": self.answers, "left": len(self.mistakes),
        }

    async def serve(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.behaviour == "deaf":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind((self.address, 179))
        await asyncio.start_server(self.accept, sock=listener, limit=4096)

    async def accept(self, reader, writer):
        try:
            if self.mistakes:
                await self.misbehave(reader, writer, *self.mistakes[0])
            else:
                await self.behave(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            if self.writer is writer:
                self.isUp = False
                self.prefixes = set()
            writer.close()

    async def read(self, reader):
        header = await reader.readexactly(19)
        length, kind = struct.unpack("!HB", header[16:])
        return kind, await reader.readexactly(length - 19)

    async def greet(self, reader, writer):
        """Until the session is established."""
        writer.write(open_message(self.asn, self.address) + message(KEEPALIVE))
        for expected in (OPEN, KEEPALIVE):
            kind, body = await self.read(reader)
            if kind != expected:
                raise ConnectionError(f"message {kind}: {body.hex()}")
        self.sessions += 1
        self.isUp = True
        self.writer = writer
        self.prefixes = set()

    async def behave(self, reader, writer):
        await self.greet(reader, writer)
        keepalives = asyncio.create_task(self.keep_alive(writer))
        try:
            if self.behaviour == "flapping":
                await asyncio.sleep(0.5)
                return
            if self.behaviour == "leaving" and self.sessions == 1:
                writer.write(message(KEEPALIVE) * 5000 + message(NOTIFICATION, b"\6\2\4noon"))
                writer.write_eof()
                # What is left unread at the end resets the connection, and takes its last word away.
                while await reader.read(4096):
                    pass
                return
            while True:
                kind, body = await self.read(reader)
                if kind == NOTIFICATION:
                    return
                if kind == UPDATE:
                    self.take(body)
                if self.behaviour == "deaf" and self.prefixes and self.sessions == 1:
                    await keepalives
        finally:
            keepalives.cancel()

    async def keep_alive(self, writer):
        while not writer.is_closing():
            await asyncio.sleep(1)
            writer.write(message(KEEPALIVE))
            await writer.drain()

    async def misbehave(self, reader, writer, name, octets, isEstablished, expected):
        if isEstablished:
            await self.greet(reader, writer)
        writer.write(octets)
        if name == "half a message":
            writer.write_eof()
        elif expected in ("goes on", "any"):
            # What comes after it must be understood as well.
            writer.write(message(KEEPALIVE))
        answer = "goes on"
        # Whoever is to answer may be slow.
        patience = 1.5 if expected in ("goes on", "any") else 10
        try:
            async with asyncio.timeout(patience):
                while True:
                    kind, body = await self.read(reader)
                    if kind == NOTIFICATION:
                        answer = f"{body[0]}.{body[1]}"
                        break
        except TimeoutError:
            pass
        except asyncio.IncompleteReadError:
            answer = "closed"
        self.answers[name] = [answer, expected]
        self.mistakes.pop(0)

    def take(self, body):
        """Adds up the IPv4 routes of an UPDATE."""
        self.updates += 1
        (withdrawn,) = struct.unpack("!H", body[:2])
        (attributes,) = struct.unpack("!H", body[2 + withdrawn : 4 + withdrawn])
        self.prefixes -= set(self.split(body[2 : 2 + withdrawn]))
        self.prefixes |= set(self.split(body[4 + withdrawn + attributes :]))

    @staticmethod
    def split(octets):
        while octets:
            count = (octets[0] + 7) // 8
            yield f"{socket.inet_ntoa(octets[1 : 1 + count].ljust(4, bytes(1)))}/{octets[0]}"
            octets = octets[1 + count :]


async def main(status, asn, *peers):
    routers = [Router(peer.split("=")[0], int(asn), peer.split("=")[1]) for peer in peers]
    for router in routers:
        await router.serve()
    while True:
        with open(f"{status}.new", "w") as output:
            json.dump({router.address: router.status() for router in routers}, output)
        os.replace(f"{status}.new", status)
        await asyncio.sleep(0.2)


asyncio.run(main(*sys.argv[1:]))
