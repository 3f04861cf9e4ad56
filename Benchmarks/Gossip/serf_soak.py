#!/usr/bin/env python3
"""Our member and serf's, which have memberlist inside, in one encrypted group: is anybody taken for dead without cause?

    sudo python3 Benchmarks/Gossip/serf_soak.py [--seconds N] [--serfs N] [--loss PERCENT] [--binary .build/release/metallb]

Each member has a network namespace of its own on one bridge. Told in the end is how often serf's agents suspected ours, or
each other, or declared somebody failed, and what ours says it noticed of them; it exits with 1 if anybody was declared
failed who was not. Needs root, and serf.
"""
import argparse, base64, hashlib, os, pathlib, re, subprocess, sys, tempfile, time

TOP = pathlib.Path(__file__).resolve().parents[2]
SECRET = b"a secret of the soak"
# The key as MetalLB derives it from its secret: the first 32 bytes of it and its hash.
KEY = (base64.b64encode(SECRET) + hashlib.sha256(b"").digest())[:32]


class Network:
    def __init__(self, names, loss):
        self.bridge, self.names, self.loss = f"soak{os.getpid()}", names, loss

    def build(self):
        ip("netns", "add", self.bridge)
        ip("-n", self.bridge, "link", "add", "br0", "type", "bridge")
        ip("-n", self.bridge, "link", "set", "br0", "up")
        for index, name in enumerate(self.names):
            space = self.space(name)
            ip("netns", "add", space)
            ip("link", "add", "e0", "netns", space, "type", "veth", "peer", "name", f"p{index}", "netns", self.bridge)
            ip("-n", self.bridge, "link", "set", f"p{index}", "up", "master", "br0")
            ip("-n", space, "address", "add", f"{self.address(name)}/24", "dev", "e0")
            for link in ("lo", "e0"):
                ip("-n", space, "link", "set", link, "up")
            if self.loss:
                drop = ("table inet soak {\nchain output {\ntype filter hook output priority 0\n"
                        f"meta l4proto udp numgen random mod 1000 < {int(self.loss * 10)} drop\n}}\n}}\n")
                ip("netns", "exec", space, "nft", drop)

    def space(self, name):
        return f"{self.bridge}-{name}"

    def address(self, name):
        return f"192.0.2.{self.names.index(name) + 1}"

    def run(self, name, *words, output):
        return subprocess.Popen(["ip", "netns", "exec", self.space(name), *words], stdout=output, stderr=output)

    def remove(self):
        for space in [self.space(name) for name in self.names] + [self.bridge]:
            subprocess.run(["ip", "netns", "delete", space], check=False, stderr=subprocess.DEVNULL)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def count(pattern, text):
    return len(re.findall(pattern, text))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--serfs", type=int, default=3)
    parser.add_argument("--loss", type=float, default=0, help="percent of the datagrams that each member sends")
    parser.add_argument("--binary", default=str(TOP / ".build/release/metallb"))
    options = parser.parse_args()
    serfs = [f"serf{index}" for index in range(options.serfs)]
    network = Network(["ours", *serfs], options.loss)
    agents = []
    try:
        network.build()
        with tempfile.TemporaryDirectory() as directory:
            folder = pathlib.Path(directory)
            (folder / "secretkey").write_bytes(base64.b64encode(SECRET))
            for name in serfs:
                words = ["serf", "agent", f"-node={name}", f"-bind={network.address(name)}:7946", "-rpc-addr=127.0.0.1:7373",
                         f"-encrypt={base64.b64encode(KEY).decode()}", "-log-level=debug"]
                if name != serfs[0]:
                    words.append(f"-join={network.address(serfs[0])}")
                agents.append(network.run(name, *words, output=(folder / name).open("w")))
                time.sleep(1)
            ours = network.run(
                "ours", options.binary, "gossip", network.address(serfs[0]), "--bind", network.address("ours"), "--port",
                "7946", "--name", "ours", "--delegate-versions", "2,5,5", "--secret-key-path", str(folder), "--for",
                str(options.seconds), output=(folder / "ours").open("w"))
            # Before ours leaves: serf, which says farewell in a way of its own, calls that a failure.
            time.sleep(max(1, options.seconds - 2))
            told = "".join((folder / name).read_text() for name in serfs)
            status = ours.wait(timeout=60)
            said = (folder / "ours").read_text()
    finally:
        for agent in agents:
            agent.kill()
            agent.wait()
        network.remove()
    print(f"{options.seconds} s, {options.serfs} agents of serf, {options.loss} % lost")
    failures = count(r"EventMemberFailed|Marking \S+ as failed", told)
    print(f"serf: suspected ours {count('Suspect ours ', told)} times, others {count('Suspect serf', told)} times, "
          f"declared failed {failures}, refuted {count('Refuting', told)}")
    noticed = [line for line in said.splitlines() if re.search(r"\b(lost|dead|failed|did not hear us|not over UDP)", line)]
    print(f"ours: joined {count('joined: serf', said)}, noticed {len(noticed)}", *noticed, sep="\n  ")
    sys.exit(1 if status or failures or count("joined: serf", said) < options.serfs else 0)


main()
