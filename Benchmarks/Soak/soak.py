#!/usr/bin/env python3
"""Whether the processes grow while their surroundings never come to rest: a lab with routers, for as long as one likes.

    sudo python3 Benchmarks/Soak/soak.py [MINUTES] [--binary .build/release/metallb] [--name soak]     60 minutes by default

Again and again Services come, change and go, routers end their sessions, a BFD session is cut off, the pages for metrics and
health are asked for, a connection to the gossip's port says nothing. A row is printed each minute: what each process holds
(kilobytes that are its own: RssAnon), its open files, threads and processor time. At the end the growth from the second
quarter of the time to the last is told, for each process; it is the leak, if there is one.
"""
import argparse, json, os, pathlib, random, re, subprocess, sys, time

TOP = pathlib.Path(__file__).resolve().parents[2]

CONFIGURATION = """
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: rack, namespace: metallb-system}
spec: {addresses: [192.168.5.0/24, "2001:db8:5::/120"]}
---
apiVersion: metallb.io/v1beta1
kind: BFDProfile
metadata: {name: rack, namespace: metallb-system}
spec: {receiveInterval: 100, transmitInterval: 100}
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: {name: rack, namespace: metallb-system}
spec: {ipAddressPools: [rack], communities: ["64700:120"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: rack, namespace: metallb-system}
spec: {ipAddressPools: [rack]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: nginx}
spec:
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers: [{name: nginx, image: nginx, ports: [{containerPort: 80}]}]
""" + "".join(f"""
---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: {{name: tor-{number}, namespace: metallb-system}}
spec: {{myASN: 64700, peerASN: 65116, peerAddress: 198.18.0.20{number}, connectTime: 1s, bfdProfile: rack}}
""" for number in (1, 2))

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: service-%d}
spec:
  type: LoadBalancer
  ipFamilyPolicy: PreferDualStack
  externalTrafficPolicy: %s
  selector: {app: nginx}
  ports: [{port: %d, targetPort: 80}]
"""


class Lab:
    def __init__(self, binary, name):
        self.binary, self.name = binary, name
        self.metallb("lab", "up", "--name", name, "--nodes", "2", "--routers", "2")
        self.kubeconfig = self.metallb("lab", "kubeconfig", "--name", name).strip()

    def metallb(self, *words):
        return subprocess.run([self.binary, *words], check=True, text=True, stdout=subprocess.PIPE).stdout

    def kubectl(self, *words, text=None):
        command = ["kubectl", "--kubeconfig", self.kubeconfig, *words]
        subprocess.run(command, check=True, text=True, input=text, stdout=subprocess.DEVNULL)

    def run(self, host, *words):
        command = [self.binary, "lab", "exec", "--name", self.name, host, "--", *words]
        return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def processes(self):
        """The controller and the speakers of this lab: name, process."""
        found = {}
        for host in ("node-1", "node-2", "control-plane"):
            namespace = self.run(host, "readlink", "/proc/self/ns/net").strip()
            for entry in pathlib.Path("/proc").iterdir():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if len(words) > 1 and words[1] in (b"speaker", b"controller") \
                            and os.readlink(entry / "ns/net") == namespace:
                        found[f"{words[1].decode()}@{host}"] = int(entry.name)
                except OSError:
                    continue
        return found


def figures(process):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return {
        "kB": int(re.search(r"RssAnon:\s+(\d+)", status).group(1)),
        "threads": int(re.search(r"Threads:\s+(\d+)", status).group(1)),
        "files": len(os.listdir(f"/proc/{process}/fd")),
        "cpu": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
    }


def disturb(lab, dice, count):
    """One of the things that happen; each is over within a second or two."""
    number, event = dice.randrange(20), count % 6
    if event in (0, 3):
        policy = dice.choice(["Local", "Cluster"])
        lab.kubectl("apply", "-f", "-", text=SERVICE % (number, policy, dice.choice([80, 81])))
    elif event == 1:
        lab.kubectl("delete", "service", f"service-{number}", "--ignore-not-found")
    elif event == 2:
        lab.run(dice.choice(["tor-1", "tor-2"]), "vtysh", "-c", "clear bgp *")
    elif event == 4:
        page = "for port in 9120 17472; do curl -ks -m 2 https://127.0.0.1:$port/metrics http://127.0.0.1:$port/readyz; done"
        lab.run(dice.choice(["node-1", "node-2"]), "sh", "-c", page)
    elif count % 60 == 5:
        tor = dice.choice(["tor-1", "tor-2"])
        lab.run(tor, "sh", "-c", "ip link set eth0 down; sleep 1; ip link set eth0 up")
    else:
        lab.run(dice.choice(["node-1", "node-2"]), "timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/198.18.0.11/7946; read <&3")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", nargs="?", type=float, default=60)
    parser.add_argument("--binary", default=str(TOP / ".build/release/metallb"))
    parser.add_argument("--name", default="soak")
    options = parser.parse_args()
    lab, dice, rows = Lab(os.path.abspath(options.binary), options.name), random.Random(1), []
    try:
        lab.kubectl("apply", "-f", str(TOP / "Deploy/manifests/metallb-native.yaml"))
        for part in ("deployment/controller", "daemonset/speaker"):
            lab.kubectl("rollout", "status", part, "--namespace=metallb-system", "--timeout=120s")
        lab.kubectl("apply", "-f", "-", text=CONFIGURATION)
        processes = lab.processes()
        start, next_row, count = time.monotonic(), 0.0, 0
        while (passed := time.monotonic() - start) < options.minutes * 60:
            if passed >= next_row:
                next_row += 60
                row = {name: figures(process) for name, process in processes.items()}
                rows.append(row)
                print(f"{passed / 60:5.1f} min, {count} events: " + "; ".join(
                    f"{name} {f['kB']} kB {f['files']} files {f['threads']} threads {f['cpu']:.1f} s"
                    for name, f in row.items()), flush=True)
            disturb(lab, dice, count)
            count += 1
            time.sleep(0.5)
        if lab.processes() != processes:
            sys.exit(f"a process ended on the way: {processes}, then {lab.processes()}")
        quarter = max(len(rows) // 4, 1)
        for name in processes:
            early = max(row[name]["kB"] for row in rows[quarter:2 * quarter] or rows)
            late = max(row[name]["kB"] for row in rows[-quarter:])
            print(f"{name}: {early} kB at most in the second quarter, {late} kB in the last: {late - early:+d} kB")
    finally:
        lab.metallb("lab", "down", "--name", options.name)


main()
