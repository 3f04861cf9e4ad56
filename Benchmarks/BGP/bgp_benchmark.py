#!/usr/bin/env python3
"""How long it takes until routers have a table, and one change on top of it: metallb, GoBGP and BIRD as senders, side by side.

    sudo python3 Benchmarks/BGP/bgp_benchmark.py [--prefixes 1000,10000,100000] [--routers 1,10] [--senders metallb,gobgp,bird]

Two network namespaces with a veth pair between them; the sender lives in one, the routers are BIRD processes in the other. All
sessions are up before the sender has anything to say. Then it is told to announce host routes that share their attributes, and
it is over when the last router has the last of them. After that one prefix gets another MED.

time    from the order until the last router has everything, the routers' own work included
CPU     of the sender's process alone
bytes   that the sender's interface has sent meanwhile, TCP and all
change  from the order until the last router shows it
memory  the sender's resident peak; base is before the table was there
GoBGP and BIRD hold the table before: the former is told to export it, the latter to enable the protocol that has it.
"""
import argparse, os, re, shutil, socket, struct, subprocess, sys, tempfile, time

SENDER = "198.18.6.1"
SPACES = (f"bgp-bench-s-{os.getpid()}", f"bgp-bench-r-{os.getpid()}")
LINK = "bench0"
CHANGED = "11.0.0.0/32"


def router(number):
    return f"198.18.6.{101 + number}"


def prefix(number):
    value = 0x0B000000 + number
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0)) + "/32"


def ip(command):
    subprocess.run(["ip"] + command.split(), check=True)


def start(space, command, **more):
    return subprocess.Popen(["ip", "netns", "exec", space] + command, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, **more)


def wait(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.001)


class Bird:
    """A BIRD process and its control socket, which answers much faster than birdc starts."""

    def __init__(self, space, directory, name, configuration):
        self.name = name
        path = f"{directory}/{name}"
        with open(path + ".conf", "w") as file:
            file.write(configuration)
        self.process = start(space, ["bird", "-f", "-c", path + ".conf", "-s", path + ".ctl"])
        self.control = None
        wait(lambda: self.connect(path + ".ctl"), 20, f"BIRD {name} does not start")

    def connect(self, path):
        control = socket.socket(socket.AF_UNIX)
        try:
            control.connect(path)
        except OSError:
            control.close()
            return False
        self.control = control
        self.answer()
        return True

    def answer(self):
        text = b""
        while not re.search(rb"(^|\n)(00|[89])\d\d[^\n-][^\n]*\n$", text):
            text += self.control.recv(65536)
        return text.decode()

    def ask(self, question):
        self.control.sendall(question.encode() + b"\n")
        return self.answer()

    def is_up(self):
        return "Established" in self.ask("show protocols sender")

    def count(self):
        return int(re.search(r"(\d+) of \d+ routes", self.ask("show route count")).group(1))

    def has_change(self):
        return "BGP.med: 1" in self.ask(f"show route {CHANGED} all")


def receiver(space, directory, number):
    address = router(number)
    return Bird(space, directory, f"router{number}", f"""
router id {address};
protocol device {{ }}
protocol bgp sender {{
  local {address} as 64513; neighbor {SENDER} as 64512; strict bind yes;
  connect retry time 1; connect delay time 1; error wait time 1, 2;
  ipv4 {{ import all; export none; }};
}}
""")


class Metallb:
    def __init__(self, binary, prefixes, routers, directory):
        self.process = start(SPACES[0], [binary, str(prefixes), "64512"] + [router(n) for n in range(routers)],
                             stdin=subprocess.PIPE)

    def order(self, word):
        self.process.stdin.write(word.encode() + b"\n")
        self.process.stdin.flush()

    def announce(self):
        self.order("table")

    def change(self):
        self.order("change")


class BirdSender:
    def __init__(self, binary, prefixes, routers, directory):
        neighbours = "\n".join(f"""protocol bgp r{n} {{
  local {SENDER} as 64512; neighbor {router(n)} as 64513; connect retry time 1; connect delay time 1; error wait time 1, 2;
  ipv4 {{ import none; export filter {{
    if proto = "table2" then bgp_med = 1;
    if proto ~ "table*" then accept;
    reject;
  }}; }};
}}""" for n in range(routers))
        routes = "\n".join(
            f"  route {prefix(n)} blackhole {{ bgp_community.add((64512,1)); }};" for n in range(1, prefixes))
        self.bird = Bird(SPACES[0], directory, "sender", f"""
router id {SENDER};
protocol device {{ }}
{neighbours}
protocol static table0 {{ disabled; ipv4 {{ preference 100; }};
  route {CHANGED} blackhole {{ bgp_community.add((64512,1)); }};
}}
protocol static table1 {{ disabled; ipv4;
{routes}
}}
protocol static table2 {{ disabled; ipv4 {{ preference 200; }};
  route {CHANGED} blackhole {{ bgp_community.add((64512,1)); }};
}}
""")
        self.process = self.bird.process

    def announce(self):
        self.bird.ask("enable table0")
        self.bird.ask("enable table1")

    def change(self):
        self.bird.ask("enable table2")


class GoBGP:
    def __init__(self, binary, prefixes, routers, directory):
        neighbours = "\n".join(f"""[[neighbors]]
  [neighbors.config]
    neighbor-address = "{router(n)}"
    peer-as = 64513
  [neighbors.timers.config]
    connect-retry = 1""" for n in range(routers))
        with open(f"{directory}/gobgp.toml", "w") as file:
            file.write(f"""[global.config]
  as = 64512
  router-id = "{SENDER}"
[global.apply-policy.config]
  default-export-policy = "reject-route"
{neighbours}
""")
        self.process = start(SPACES[0], ["gobgpd", "-f", f"{directory}/gobgp.toml", "--log-level", "error"])
        wait(lambda: self.cli("global", check=False) == 0, 20, "gobgpd does not start")
        # The tool leaves before the daemon has taken in the last of it, so some come again after the last.
        with open(f"{directory}/table.mrt", "wb") as file:
            file.write(mrt(list(range(1, prefixes)) + list(range(1, prefixes))[:5000]))
        self.cli(f"mrt inject global {directory}/table.mrt")
        self.cli(f"global rib add {CHANGED} community 64512:1 nexthop {SENDER}")
        wait(lambda: self.count() == prefixes, 30, f"gobgpd has {self.count()} of {prefixes}")

    def cli(self, command, check=True):
        return subprocess.run(["ip", "netns", "exec", SPACES[0], "gobgp"] + command.split(), check=check,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def count(self):
        summary = subprocess.run(["ip", "netns", "exec", SPACES[0], "gobgp", "global", "rib", "summary"], check=True,
                                 capture_output=True, text=True).stdout
        return int(re.search(r"Destination: (\d+)", summary).group(1))

    def announce(self):
        self.cli("global policy export set default accept", check=False)
        self.cli("neighbor all softresetout")

    def change(self):
        self.cli(f"global rib add {CHANGED} community 64512:1 nexthop {SENDER} med 1")


def mrt(numbers):
    """A table dump (RFC 6396) of IPv4 host routes from one peer, which GoBGP can take in."""
    def record(subtype, content):
        return struct.pack(">IHHI", 0, 13, subtype, len(content)) + content
    address = socket.inet_aton(SENDER)
    attributes = b"\x40\x01\x01\x00" + b"\x40\x02\x00" + b"\x40\x03\x04" + address + b"\xc0\x08\x04\xfc\x00\x00\x01"
    entry = struct.pack(">HHIH", 1, 0, 0, len(attributes)) + attributes
    dump = record(1, address + struct.pack(">HH", 0, 1) + b"\x02" + address + address + struct.pack(">I", 64512))
    return dump + b"".join(
        record(2, struct.pack(">IB", number, 32) + struct.pack(">I", 0x0B000000 + number) + entry) for number in numbers)


def processor(process):
    """Seconds, without those of the process's children."""
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process, field):
    with open(f"/proc/{process.pid}/status") as file:
        return int(re.search(rf"{field}:\s+(\d+)", file.read()).group(1)) / 1024


def peak(process):
    return memory(process, "VmHWM")


def sent():
    text = subprocess.run(["ip", "netns", "exec", SPACES[0], "cat", f"/sys/class/net/{LINK}/statistics/tx_bytes"],
                          capture_output=True, check=True).stdout
    return int(text)


def measure(name, prefixes, routers, binary):
    directory = tempfile.mkdtemp(prefix="bgp-bench-")
    birds, sender = [], None
    try:
        birds = [receiver(SPACES[1], directory, n) for n in range(routers)]
        sender = {"metallb": Metallb, "gobgp": GoBGP, "bird": BirdSender}[name](binary, prefixes, routers, directory)
        wait(lambda: all(bird.is_up() for bird in birds), 60, f"{name} has no session")
        base = memory(sender.process, "VmRSS")
        (begin, work, octets) = (time.monotonic(), processor(sender.process), sent())
        sender.announce()
        for bird in birds:
            wait(lambda: bird.count() == prefixes, 120, f"{bird.name} has {bird.count()} of {prefixes}")
        took = time.monotonic() - begin
        (work, octets) = (processor(sender.process) - work, sent() - octets)
        time.sleep(0.3)
        begin = time.monotonic()
        sender.change()
        for bird in birds:
            wait(bird.has_change, 60, f"{bird.name} does not see the change")
        change = time.monotonic() - begin
        print(f"{name:8} {prefixes:8} {routers:7} {took:8.3f} s {work:7.2f} s {octets:11,} {1000 * change:8.1f} ms"
              f" {base:6.0f} MB {peak(sender.process):6.0f} MB", flush=True)
    finally:
        for process in [bird.process for bird in birds] + ([sender.process] if sender else []):
            process.kill()
            process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--prefixes", default="1000,10000,100000")
    parser.add_argument("--routers", default="1,10")
    parser.add_argument("--senders", default="metallb,gobgp,bird")
    parser.add_argument("--binary", default=".build/release/bgp-benchmark")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    for space in SPACES:
        ip(f"netns add {space}")
    try:
        ip(f"link add {LINK} netns {SPACES[0]} type veth peer name {LINK} netns {SPACES[1]}")
        ip(f"-n {SPACES[0]} address add {SENDER}/24 dev {LINK}")
        for number in range(max(int(text) for text in options.routers.split(","))):
            ip(f"-n {SPACES[1]} address add {router(number)}/24 dev {LINK}")
        for space in SPACES:
            ip(f"-n {space} link set lo up")
            ip(f"-n {space} link set {LINK} up")
        print(f"{'sender':8} {'prefixes':>8} {'routers':>7} {'time':>10} {'CPU':>9} {'bytes':>11} {'change':>11} {'base':>9} {'peak':>9}")
        for prefixes in options.prefixes.split(","):
            for routers in options.routers.split(","):
                for name in options.senders.split(","):
                    try:
                        measure(name, int(prefixes), int(routers), binary)
                    except (TimeoutError, subprocess.CalledProcessError) as error:
                        print(f"{name:8} {prefixes:>8} {routers:>7} {error}", flush=True)
    finally:
        for space in SPACES:
            subprocess.run(["ip", "netns", "del", space])


if __name__ == "__main__":
    main()
