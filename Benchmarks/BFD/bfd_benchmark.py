#!/usr/bin/env python3
"""How long BFD daemons take to notice that a neighbour is silent: metallb, FRR's bfdd and BIRD, idle and on a busy machine.

    sudo python3 Benchmarks/BFD/bfd_benchmark.py [--rounds N] [--intervals 10,50,300] [--binary .build/release/metallb]

Two network namespaces with a veth pair between them; the daemon under test lives in one, this script in the other. The script
is a BFD neighbour of its own that keeps a session up for a while, with packets at the exact interval, and then says no more. It
measures from its last packet until the daemon's packet that says "down, detection time expired" is in the kernel, and counts the
sessions that fell before it had gone silent. Both times are the kernel's or taken on a real-time thread, so that a busy machine
delays the daemon and not the measurement. `busy` is two endless loops for each processor.

With a multiplier of 3 the detection time is three intervals; what is above it is the daemon's lateness. A daemon that tells its
own neighbour late, and not just its users, is measured by that (BIRD waits for its next packet).
"""
import argparse, os, random, select, shutil, socket, struct, subprocess, sys, tempfile, time

OURS, THEIRS = "198.18.7.1", "198.18.7.2"
SPACES = (f"bfd-bench-a-{os.getpid()}", f"bfd-bench-b-{os.getpid()}")
DOWN, INIT, UP = 1, 2, 3
SO_TIMESTAMPNS = 35


def ip(command):
    subprocess.run(["ip"] + command.split(), check=True)


class Neighbour:
    """The other end of the daemon's session: as much of RFC 5880 as it takes to be up with it, and then to be silent."""

    def __init__(self, interval):
        self.interval = interval
        self.mine, self.yours, self.state = random.randrange(1, 1 << 32), 0, DOWN
        self.inbox = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inbox.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.inbox.bind((OURS, 3784))
        self.outbox = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.outbox.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
        self.outbox.bind((OURS, random.randrange(49152, 65536)))

    def close(self):
        self.inbox.close()
        self.outbox.close()

    def send(self, final=False):
        microseconds = int(self.interval * 1e6)
        packet = struct.pack(
            ">BBBBIIIII", 0x20, self.state << 6 | (0x10 if final else 0), 3, 24, self.mine, self.yours,
            microseconds, microseconds, 0)
        self.outbox.sendto(packet, (THEIRS, 3784))
        self.sent_at = time.clock_gettime(time.CLOCK_REALTIME)

    def receive(self):
        """The daemon's next packet as (arrival, state, diagnostic), and what we make of it."""
        data, ancillary, _, _ = self.inbox.recvmsg(64, 64)
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
        first, second = data[0], data[1]
        state = second >> 6
        self.yours = struct.unpack(">I", data[4:8])[0]
        if state == DOWN:
            self.state = INIT if self.state == DOWN else DOWN if self.state == UP else self.state
        elif state in (INIT, UP) and self.state in (DOWN, INIT) and (self.state, state) != (DOWN, UP):
            self.state = UP
        return seconds + nanoseconds / 1e9, state, first & 0x1F, bool(second & 0x20)

    def run(self, until):
        """Keeps the session up until a time; returns False as soon as the daemon says that it is down."""
        due = time.monotonic()
        was_up = False
        while time.monotonic() < until:
            if select.select([self.inbox], [], [], max(0, due - time.monotonic()))[0]:
                _, state, _, is_poll = self.receive()
                if is_poll:
                    self.send(final=True)
                if was_up and state == DOWN:
                    return False
                was_up = was_up or (self.state == UP and state == UP)
            if time.monotonic() >= due:
                self.send()
                due += self.interval * 0.95
        return was_up

    def silence(self):
        """Says no more; returns how long it took the daemon to say that it has noticed."""
        deadline = time.monotonic() + 6 + 4 * self.interval
        while time.monotonic() < deadline:
            if select.select([self.inbox], [], [], 0.5)[0]:
                arrival, state, diagnostic, _ = self.receive()
                if state == DOWN and diagnostic == 1:
                    return arrival - self.sent_at
        return None


class Daemon:
    """A daemon under test in the other namespace, configured for one session at an interval."""

    def __init__(self, name, interval, binary):
        milliseconds = int(interval * 1000)
        self.directory = tempfile.mkdtemp(prefix="bfd-bench-")
        self.processes = []
        if name == "metallb":
            self.start([
                binary, "bfd", OURS, "--receive-interval", str(milliseconds), "--transmit-interval", str(milliseconds)])
        elif name == "frr":
            self.write("zebra.conf", "")
            self.write("bfdd.conf", f"bfd\n peer {OURS}\n  receive-interval {milliseconds}\n"
                       f"  transmit-interval {milliseconds}\n !\n!\n")
            subprocess.run(["chown", "-R", "frr:frr", self.directory], check=True)
            for daemon, more in (("zebra", []), ("bfdd", ["--bfdctl", f"{self.directory}/bfdd.sock"])):
                self.start([
                    f"/usr/lib/frr/{daemon}", "-z", f"{self.directory}/zserv.api", "--vty_socket", self.directory, "-i",
                    f"{self.directory}/{daemon}.pid", "-f", f"{self.directory}/{daemon}.conf", "-P", "0"] + more)
                time.sleep(1)
        else:
            self.write("bird.conf", f"router id {THEIRS};\nprotocol device {{}}\nprotocol bfd {{ interface \"bench0\" {{"
                       f" interval {milliseconds} ms; multiplier 3; }}; neighbor {OURS} dev \"bench0\"; }}\n")
            self.start(["bird", "-f", "-c", f"{self.directory}/bird.conf", "-s", f"{self.directory}/bird.ctl"])

    def write(self, name, text):
        with open(f"{self.directory}/{name}", "w") as file:
            file.write(text)

    def start(self, command):
        # The script's own urgency must not be inherited.
        self.processes.append(subprocess.Popen(
            ["ip", "netns", "exec", SPACES[1]] + command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))))

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def measure(name, interval, rounds, binary):
    """(detection times, sessions that fell too early)"""
    times, early = [], 0
    daemon = Daemon(name, interval, binary)
    try:
        for _ in range(rounds):
            neighbour = Neighbour(interval)
            try:
                if neighbour.run(time.monotonic() + 2.5 + random.random() * interval):
                    took = neighbour.silence()
                    if took is not None:
                        times.append(took)
                else:
                    early += 1
            finally:
                neighbour.close()
    finally:
        daemon.stop()
    return times, early


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--intervals", default="10,50,300", help="milliseconds")
    parser.add_argument("--daemons", default="metallb,frr,bird")
    parser.add_argument("--machines", default="idle,busy")
    parser.add_argument("--binary", default=".build/release/metallb")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    ip(f"netns add {SPACES[0]}")
    ip(f"netns add {SPACES[1]}")
    burners = []
    try:
        ip(f"link add bench0 netns {SPACES[0]} type veth peer name bench0 netns {SPACES[1]}")
        for space, address in zip(SPACES, (OURS, THEIRS)):
            ip(f"-n {space} address add {address}/24 dev bench0")
            ip(f"-n {space} link set bench0 up")
        with open(f"/run/netns/{SPACES[0]}") as space:
            if hasattr(os, "setns"):
                os.setns(space.fileno(), 0)
            else:
                import ctypes
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), 0) != 0:
                    sys.exit("cannot enter the namespace; run as root")
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(60))
        print(f"{'daemon':8} {'interval':>9} {'machine':8} {'rounds':>6} {'early':>5} {'p50':>9} {'p99':>9} {'max':>9}   ms after the last packet")
        for machine in options.machines.split(","):
            if machine == "busy":
                for _ in range(2 * (os.cpu_count() or 1)):
                    burners.append(subprocess.Popen(
                        ["sh", "-c", "while :; do :; done"],
                        preexec_fn=lambda: os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))))
            for milliseconds in options.intervals.split(","):
                for name in options.daemons.split(","):
                    times, early = measure(name, int(milliseconds) / 1000, options.rounds, binary)
                    times.sort()
                    def at(part):
                        return f"{1000 * times[int((len(times) - 1) * part)]:9.2f}" if times else "        -"
                    print(f"{name:8} {milliseconds:>6} ms {machine:8} {len(times):6} {early:5} {at(0.5)} {at(0.99)} {at(1)}", flush=True)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
        for space in SPACES:
            subprocess.run(["ip", "netns", "del", space])


main()
