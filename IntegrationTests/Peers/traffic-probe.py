#!/usr/bin/env python3
"""A client that never stops asking: what traffic to addresses of Services goes through while something happens to a node.

    traffic-probe.py INTERFACE ADDRESS[+COUNT] [REQUESTS]

SIGUSR1 = it happens, once "marked" is printed; SIGTERM = stop and report.

REQUESTS a second (100), each on a new connection, go to the first address. Every 10 ms one ARP request or neighbour
solicitation asks who has the next one of the COUNT addresses (one by default). The questions bear a hardware and a network
address that nobody has, so that the answers do not correct what this machine itself believes: requests heal by what the
owner tells everybody, as they would without the questions.

A request that is not even let in is lost, and one that is not answered within a second as the network has lost something of
it. The kernel is the judge of that, which has to send it again: that this program or the server was not let run loses nothing.
One whose connection stood and was reset, or fell silent as the address moved, is broken: it was under way when the address
moved, and the new owner knows nothing of it. (A connection that is not let in is refused, never reset; the reset may come before
this process has learnt that it stood.) When a frame came in the kernel tells, too.

The report is one JSON object: times in seconds since the (last) SIGUSR1, or since the start if there was none. Its "stall" is how
late this program was at worst: by so much the machine may have kept any other waiting, too.
"""
import asyncio, fcntl, ipaddress, json, random, signal, socket, struct, sys, time

PACE = 0.01
TIMEOUT = 1.0
PATIENCE = 5.0
BROADCAST = b"\xff" * 6
SIOCGIFHWADDR = 0x8927
SO_TIMESTAMPNS = 35
TOTAL_RETRANS = 100  # Where struct tcp_info tells how many segments were sent again.


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Wire:
    """Asks who has addresses, and hears everybody who says so."""

    def __init__(self, interface, addresses):
        self.addresses = [address.packed for address in addresses]
        self.known = set(self.addresses)
        self.is6 = addresses[0].version == 6
        self.hardware = b"\x02" + random.randbytes(5)
        self.answers, self.asked, self.next = [], [], 0
        kind = 0x86DD if self.is6 else 0x0806
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((interface, kind))
        index = socket.if_nametoindex(interface)
        PROMISCUOUS = 1
        self.socket.setsockopt(263, 1, struct.pack("iHH8s", index, PROMISCUOUS, 0, b""))
        self.socket.setblocking(False)
        own = fcntl.ioctl(self.socket, SIOCGIFHWADDR, struct.pack("256s", interface.encode()))[18:24]
        self.own = {own, self.hardware}
        self.link_local = (
            b"\xfe\x80" + bytes(6) + bytes([self.hardware[0] ^ 2]) + self.hardware[1:3] + b"\xff\xfe" + self.hardware[3:])

    def ask(self):
        target = self.addresses[self.next]
        if self.next == 0:
            self.asked.append(time.monotonic())
        self.next = (self.next + 1) % len(self.addresses)
        try:
            self.socket.send(self.solicitation(target) if self.is6 else self.request(target))
        except OSError:
            pass

    def request(self, target):
        body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + self.hardware + bytes(4) + bytes(6) + target
        return BROADCAST + self.hardware + b"\x08\x06" + body

    def solicitation(self, target):
        group = b"\xff\x02" + bytes(9) + b"\x01\xff" + target[13:]
        body = struct.pack(">BBHI", 135, 0, 0, 0) + target + b"\x01\x01" + self.hardware
        pseudo = self.link_local + group + struct.pack(">II", len(body), 58)
        body = body[:2] + struct.pack(">H", checksum(pseudo + body)) + body[4:]
        header = struct.pack(">IHBB", 6 << 28, len(body), 58, 255) + self.link_local + group
        return b"\x33\x33\xff" + target[13:] + self.hardware + b"\x86\xdd" + header + body

    def hear(self):
        while True:
            try:
                frame, extras, *_ = self.socket.recvmsg(2048, 64)
            except OSError:
                return
            seconds, nanoseconds = struct.unpack("qq", extras[0][2])
            arrival = time.monotonic() - (time.time() - seconds - nanoseconds / 1e9)
            source, claim = frame[6:12], None
            if self.is6:
                if len(frame) >= 78 and frame[20] == 58 and frame[54] == 136:
                    claim, unasked = frame[62:78], not frame[58] & 0x40
            elif len(frame) >= 42:
                claim, unasked = frame[28:32], frame[38:42] == frame[28:32]
            if claim in self.known and source not in self.own:
                self.answers.append((arrival, claim, source.hex(":"), unasked))


class Request:
    """When one began, how long it took, and what came of it."""

    def __init__(self, begun):
        self.begun, self.length, self.outcome, self.why = begun, None, "lost", ""
        # Whether its connection was made at once, and whether the kernel had to send anything again.
        self.stood = self.was_resent = False

    def judged(self, moves):
        """What came of it, in view of when the address moved."""
        is_under_way = self.stood and any(self.begun <= moment <= self.begun + TIMEOUT for moment in moves)
        return "broken" if self.outcome == "lost" and is_under_way else self.outcome


def was_resent(writer):
    """Whether the kernel had to send something of a connection again."""
    info = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TOTAL_RETRANS + 4)
    return struct.unpack_from("I", info, TOTAL_RETRANS)[0] > 0


class Requests:
    """Opens a connection each time, and keeps a record of when and with what success."""

    def __init__(self, address):
        self.address = str(address)
        self.host = f"[{address}]" if address.version == 6 else str(address)
        self.records, self.running = [], set()

    def start(self):
        task = asyncio.ensure_future(self.one())
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def one(self):
        request = Request(time.monotonic())
        try:
            await asyncio.wait_for(self.exchange(request), PATIENCE)
        except (ConnectionResetError, BrokenPipeError):
            request.outcome = "broken"
        except (OSError, asyncio.TimeoutError) as error:
            request.why = str(error) or f"no answer in {PATIENCE} s"
        request.length = time.monotonic() - request.begun
        if request.outcome == "answered" and request.was_resent and request.length > TIMEOUT:
            request.outcome, request.why = "lost", f"sent again, and answered after {request.length:.2f} s"
        self.records.append(request)

    async def exchange(self, request):
        reader, writer = await asyncio.open_connection(self.address, 80)
        request.stood = not was_resent(writer)
        try:
            writer.write(f"GET / HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())
            head = (await reader.read()).split(b"\r\n")[0]
            request.was_resent = was_resent(writer)
            request.outcome = "answered" if b" 200 " in head else "lost"
            request.why = f"the answer begins with {head.decode(errors='replace')!r}"
        finally:
            writer.close()


def longest_silence(asked, answered, mark, step):
    """The most questions in a row that stayed unanswered, as a time; questions that were never asked do not count, nor does it
    make a silence longer that some were made up for at once."""
    worst, worst_at, unanswered, began, index = 0, None, 0, None, 0
    for moment in asked:
        if index < len(answered) and answered[index] < moment:
            while index < len(answered) and answered[index] < moment:
                index += 1
            unanswered = 0
        began = moment if unanswered == 0 else began
        silence = min(unanswered * step, moment - began)
        unanswered += 1
        if silence > worst:
            worst, worst_at = silence, began - mark
    return worst, worst_at


def longest(times):
    return max((later - earlier for earlier, later in zip(times, times[1:])), default=None)


def double_spans(answers, count, window=0.05):
    """The spans in which two owners answered for one address, by windows: a hand-over touches one or two of them. Two that
    are further apart than it takes to ask for each of so many addresses again are two hand-overs."""
    reach = 2 + int(PACE * count / window)
    owners = {}
    for moment, address, hardware, unasked in answers:
        if not unasked:
            owners.setdefault((address, int(moment / window)), set()).add(hardware)
    spans = {}
    for address, index in sorted(key for key, hosts in owners.items() if len(hosts) > 1):
        known = spans.setdefault(address, [])
        if known and index - known[-1][1] <= reach:
            known[-1][1] = index
        else:
            known.append([index, index])
    return [((last - first + 1) * window, first * window) for known in spans.values() for first, last in known]


def sole_owner(answers, addresses):
    """The one hardware address that answered for all addresses and was told of by nobody else."""
    heard, hosts = {address for _, address, *_ in answers}, {hardware for _, _, hardware, _ in answers}
    return hosts.pop() if len(hosts) == 1 and len(heard) == len(addresses) else None


def report(wire, requests, addresses, mark, end):
    answers = [(moment - mark, *rest) for moment, *rest in wire.answers]
    first = wire.addresses[0]
    before, after, last = {}, {}, {}
    for moment, address, hardware, _ in answers:
        last[address] = hardware
        if moment < 0:
            before[address] = hardware
        elif hardware != before.get(address):
            after.setdefault(address, (moment, hardware))
    # Other nodes' addresses may move as well, to a node that is back, say; that is no takeover from this one.
    takeovers = sorted(moment for address, (moment, _) in after.items() if before.get(address) == before.get(first))
    gap = None
    if first in after:
        gap = after[first][0] - max(
            (moment for moment, _, hardware, _ in answers
             if hardware == before.get(first) and moment < after[first][0]), default=0)
    timeline = []
    for moment, address, hardware, unasked in answers:
        if address == first and (not timeline or timeline[-1][1] != hardware):
            timeline.append([round(moment, 4), hardware, "unasked" if unasked else "answer"])
    solicited = [moment for moment, address, _, unasked in wire.answers if address == first and not unasked]
    silence, silence_at = longest_silence(wire.asked, solicited, mark, PACE * len(addresses))
    moves = [moment + mark for moment, *_ in timeline[1:]]
    records = [(request.begun - mark, request.length, request.judged(moves), request.why)
               for request in sorted(requests.records, key=lambda request: request.begun)]
    answered = [begun + length for begun, length, outcome, _ in records if outcome == "answered"]
    spans = double_spans(answers, len(addresses))
    return {
        "first": str(addresses[0]), "addresses": len(addresses), "from": None if not answers else answers[0][0],
        "until": end - mark, "timeline": timeline, "hadBefore": sum(1 for hardware in before.values() if hardware == before.get(first)),
        "takenOver": len(takeovers),
        "silentInTheEnd": sum(
            1 for address in wire.addresses
            if not any(a == address and m > end - mark - 3 - len(addresses) * PACE for m, a, *_ in answers))
        if len(addresses) <= 16 else None,
        "gap": gap, "firstTakeover": takeovers[0] if takeovers else None,
        "medianTakeover": takeovers[len(takeovers) // 2] if takeovers else None,
        "lastTakeover": takeovers[-1] if takeovers else None,
        "soleOwner": sole_owner(answers, addresses),
        "newOwner": after[first][1] if first in after else None, "lastOwner": last.get(first),
        "longestSilence": silence, "silenceAt": silence_at, "requests": len(records),
        "lost": sum(1 for _, _, outcome, _ in records if outcome == "lost"),
        "lastLoss": max((begun for begun, _, outcome, _ in records if outcome == "lost"), default=None),
        "losses": [f"{begun:.3f}: {why}" for begun, _, outcome, why in records if outcome == "lost"],
        "broken": sum(1 for _, _, outcome, _ in records if outcome == "broken"),
        "longestOutage": longest(sorted(answered)),
        "doubleAnswers": sum(1 for moment, *_ in spans if moment > 0),
        "longestDouble": max((length for length, _ in spans), default=0.0),
        "doubleAt": [[round(start, 2), round(length, 2)] for length, start in spans[:20]],
    }


def mark(marks):
    marks.append(time.monotonic())
    print("marked", file=sys.stderr, flush=True)


async def main():
    interface, wanted, pace = sys.argv[1], sys.argv[2], 1 / float((sys.argv[3:] + ["100"])[0])
    start, _, count = wanted.partition("+")
    base = ipaddress.ip_address(start)
    addresses = [base + offset for offset in range(int(count or 1))]
    wire, requests = Wire(interface, addresses), Requests(base)
    loop = asyncio.get_running_loop()
    stop, marks = asyncio.Event(), [time.monotonic()]
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, mark, marks)
    loop.add_reader(wire.socket, wire.hear)
    print("probing", file=sys.stderr, flush=True)
    tick = due = time.monotonic()
    delays = []
    while not stop.is_set():
        wire.ask()
        if due <= tick:
            requests.start()
            due += pace
        tick += PACE
        delay = tick - time.monotonic()
        delays.append((tick, -delay))
        if delay < -1:
            tick, due = tick - delay, due - delay  # This process was not let run: what was missed is not made up for.
        await asyncio.sleep(max(0, delay))
    end = time.monotonic()
    if requests.running:
        await asyncio.wait(requests.running)
    stall = max((delay for due, delay in delays if due > marks[-1]), default=0.0)
    print(json.dumps(report(wire, requests, addresses, marks[-1], end) | {"stall": max(0.0, stall)}))


asyncio.run(main())
