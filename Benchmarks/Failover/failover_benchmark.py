#!/usr/bin/env python3
"""How long the traffic of an address goes nowhere when its owner dies: rounds of one fault in a lab, seen from its client.

    sudo python3 Benchmarks/Failover/failover_benchmark.py [--fault kill9|power|cut|split|stop|term|flap] [--rounds N] [--family 4|6|46]
        [--nodes N] [--services N] [--detection MILLISECONDS] [--policy Sticky|Balanced] [--healing] [--pause S]
        [--binary .build/release/metallb] [--keep] [--debug]

Each round: IntegrationTests/Peers/traffic-probe.py asks from the client, the present owner suffers the fault, and after a
while it is healed, which is not measured; the next round begins when one node has all addresses. A row is printed for each
round, and the median at the end.

    takeover   from the last frame of the owner to the first one of the next, for the first address
    silence    the longest time without an answer to a question for the hardware address
    lost       requests, of a hundred a second, that had no answer within a second as something of them was lost (policy
               Local, so that none of them reaches a pod on the dead node), and those that were under way when the address moved
    double     for how long two nodes answered at once

With --healing it is the end of the fault that is watched, and a row tells until when after it two nodes answered for any of
the addresses.

Faults: kill9 kills the speaker process (which starts anew: within the time of detection nobody takes over); power takes the
power from the node; cut pulls its cable; split parts it from the other nodes, but not from the client; stop pauses the
speaker; term ends it as an upgrade does; flap pulls the cable for a second.
"""
import argparse, json, os, pathlib, signal, statistics, subprocess, sys, time

TOP = pathlib.Path(__file__).resolve().parents[2]
PROBE = TOP / "IntegrationTests/Peers/traffic-probe.py"
START = {"4": "192.168.40.0", "6": "2001:db8:40::100"}
FAMILIES = {"4": "ipFamilies: [IPv4]", "6": "ipFamilies: [IPv6]", "46": "ipFamilyPolicy: RequireDualStack"}

NAMES = {"gap": "takeover", "longestSilence": "silence", "longestOutage": "outage"}

CONFIGURATION = """
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: pool, namespace: metallb-system}
spec: {addresses: [192.168.40.0-192.168.47.255, "2001:db8:40::100-2001:db8:40::8ff"]}
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: {name: l2, namespace: metallb-system}
spec:
  ipAddressPools: [pool]
  %s
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: web, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]
"""
# So that one node has all addresses, and loses them.
PREFERENCE = "preferredNodeSelectors: [{weight: 1, preference: {matchLabels: {kubernetes.io/hostname: node-1}}}]"
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web-%d}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  %s
  selector: {app: web}
  ports: [{port: 80, targetPort: 80}]
"""


class Lab:
    def __init__(self, options):
        self.binary, self.name = options.binary, options.name
        self.metallb("lab", "up", "--name", self.name, "--nodes", str(options.nodes))
        self.kubeconfig = self.metallb("lab", "kubeconfig", "--name", self.name).strip()

    def metallb(self, *words):
        return subprocess.run([self.binary, *words], check=True, text=True, stdout=subprocess.PIPE).stdout

    def kubectl(self, *words, text=None):
        command = ["kubectl", "--kubeconfig", self.kubeconfig, *words]
        return subprocess.run(command, check=True, text=True, input=text, stdout=subprocess.PIPE).stdout

    def run(self, host, *words):
        return subprocess.run([self.binary, "lab", "exec", "--name", self.name, host, "--", *words],
                              text=True, stdout=subprocess.PIPE).stdout

    def order(self, verb, node):
        self.metallb("lab", verb, "--name", self.name, node)

    def hardware(self, node):
        return self.run(node, "ip", "-brief", "link", "show", "eth0").split()[2].lower()

    def speaker(self, node):
        """The process of a node's speaker; None while there is none."""
        namespace = self.run(node, "readlink", "/proc/self/ns/net").strip()
        for entry in pathlib.Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if len(words) > 1 and words[1] == b"speaker" and os.readlink(entry / "ns/net") == namespace:
                    return int(entry.name)
            except OSError:
                continue
        return None

    def down(self):
        self.metallb("lab", "down", "--name", self.name)


def eventually(what, look, limit=60.0):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = look()
        if value:
            return value
        time.sleep(0.2)
    raise SystemExit(f"waited {limit} s for {what}")


def probe(lab, start, count=1):
    process = subprocess.Popen(
        ["ip", "netns", "exec", lab.client, sys.executable, str(PROBE), "eth0", f"{start}+{count}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stderr.readline()
    return process


def finish(process):
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=30)
    if not out:
        raise SystemExit(f"the probe failed: {errors}")
    return json.loads(out)


def owner(lab, start, count=1):
    """The one node that answers for all of so many addresses, or None if there are none or several."""
    process = probe(lab, start, count)
    time.sleep(0.6 + count * 0.01)
    report = finish(process)
    return lab.nodes.get(report["soleOwner"])


def prepare(lab, options):
    manifest = (TOP / "Deploy/manifests/metallb-native.yaml").read_text()
    extra = ""
    if options.detection:
        extra += f"            - --l2-detection-milliseconds={options.detection}\n"
    if options.debug:
        manifest = manifest.replace("--log-level=info", "--log-level=debug")
    anchor = "            - --port=9120\n"
    head, found, tail = manifest.rpartition(anchor)
    if extra and not found:
        raise SystemExit("the manifest has no place for the speaker's flags")
    lab.kubectl("apply", "-f", "-", text=head + found + extra + tail if extra else manifest)
    lab.client = next(line.split()[0] for line in subprocess.run(
        ["ip", "netns", "list"], text=True, stdout=subprocess.PIPE).stdout.splitlines()
        if lab.name in line and "client" in line)
    names = [f"node-{index}" for index in range(1, options.nodes + 1)]
    eventually("the speakers", lambda: lab.kubectl(
        "get", "daemonset", "speaker", "--namespace=metallb-system", "--output=jsonpath={.status.numberReady}"
    ) == str(options.nodes))
    eventually("the controller", lambda: lab.kubectl(
        "get", "deployment", "controller", "--namespace=metallb-system",
        "--output=jsonpath={.status.readyReplicas}") == "1")
    policy = f"electionPolicy: {options.policy}" if options.policy else PREFERENCE if options.services > 1 else ""
    lab.kubectl("apply", "-f", "-", text=CONFIGURATION % policy)
    lab.nodes = {lab.hardware(name): name for name in names}
    family = FAMILIES[options.family]
    eventually("the pods", lambda: lab.kubectl(
        "get", "daemonset", "web", "--output=jsonpath={.status.numberReady}") == str(options.nodes))
    for first in range(0, options.services, 100):
        indices = range(first, min(first + 100, options.services))
        lab.kubectl("apply", "-f", "-", text="---".join(SERVICE % (index, family) for index in indices))


def split(lab, node):
    others = ", ".join(f'"{name}"' for name in lab.nodes.values() if name != node)
    rules = (f'table bridge split {{\nchain forward {{\ntype filter hook forward priority 0\n'
             f'iifname "{node}" oifname {{ {others} }} drop\niifname {{ {others} }} oifname "{node}" drop\n}}\n}}\n')
    nft = ["ip", "netns", "exec", f"metallb.{lab.name}.fabric", "nft"]
    subprocess.run([*nft, "-f", "-"], check=True, text=True, input=rules)
    return lambda: subprocess.run([*nft, "delete", "table", "bridge", "split"], check=True)


def strike(lab, fault, node):
    """Does it, and returns what heals it."""
    process = lab.speaker(node)
    signals = {"kill9": signal.SIGKILL, "stop": signal.SIGSTOP, "term": signal.SIGTERM}
    if fault in signals:
        os.kill(process, signals[fault])
        return (lambda: os.kill(process, signal.SIGCONT)) if fault == "stop" else (lambda: None)
    if fault == "split":
        return split(lab, node)
    lab.order({"power": "kill", "cut": "cut", "flap": "cut"}[fault], node)
    if fault == "flap":
        time.sleep(1)
        lab.order("heal", node)
        return lambda: None
    return lambda: lab.order("heal", node)


def measure_healing(lab, options):
    """One round of which the end of the fault is watched."""
    node = eventually("an owner", lambda: owner(lab, START[options.family[0]]), options.settling)
    heal = strike(lab, options.fault, node)
    time.sleep(options.watch)
    probes = [probe(lab, START[family], options.services) for family in options.family]
    time.sleep(0.5)
    for process in probes:
        process.send_signal(signal.SIGUSR1)
    heal()
    time.sleep(options.watch + options.services * 0.01)
    return [{**finish(process), "family": family, "owner": node} for process, family in zip(probes, options.family)]


def show_healing(number, report):
    ends = [start + length for start, length in report["doubleAt"] if start + length > 0]
    print(f"{number:5}  IPv{report['family']}    {report['owner']:8} two owners until {milliseconds(max(ends, default=0))} ms "
          f"after the end, {report['lost']} of {report['requests']} requests lost", flush=True)


def measure(lab, options):
    """One round; a report for each family."""
    node = eventually("one owner", lambda: owner(lab, START[options.family[0]], options.services), options.settling)
    probes = [probe(lab, START[family], options.services) for family in options.family]
    time.sleep(max(1, options.services * 0.01 + 0.2))
    for process in probes:
        process.send_signal(signal.SIGUSR1)
    heal = strike(lab, options.fault, node)
    time.sleep(options.watch)
    reports = [finish(process) for process in probes]
    heal()
    for report, family in zip(reports, options.family):
        report.update(family=family, owner=node, successor=lab.nodes.get(report["newOwner"]))
    return reports


def milliseconds(value):
    return "    none" if value is None else f"{value * 1000:8.0f}"


def show(number, report):
    print(f"{number:5}  IPv{report['family']}    {report['owner']:8} {report['successor'] or '-':8}"
          f" {milliseconds(report['gap'])}  {milliseconds(report['longestSilence'])}"
          f"  {report['lost']:4}+{report['broken']}/{report['requests']}{milliseconds(report['longestOutage'])}"
          f"  {milliseconds(report['longestDouble'])}", flush=True)
    if report["addresses"] > 1:
        print(f"       taken over: {report['takenOver']} of {report['hadBefore']}, median {milliseconds(report['medianTakeover'])}, "
              f"last {milliseconds(report['lastTakeover'])}", flush=True)


def summarize(family, reports):
    for key in NAMES:
        values = [report[key] for report in reports if report[key] is not None]
        if values:
            print(f"IPv{family} {NAMES[key]}: median {milliseconds(statistics.median(values))} ms, "
                  f"max {milliseconds(max(values))} ms of {len(values)} rounds")
    print(f"IPv{family} lost requests: median {statistics.median(report['lost'] for report in reports)}, "
          f"most {max(report['lost'] for report in reports)}; broken: {sum(report['broken'] for report in reports)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fault", default="kill9", choices=["kill9", "power", "cut", "split", "stop", "term", "flap"])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--family", default="4", choices=["4", "6", "46"])
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--services", type=int, default=1)
    parser.add_argument("--detection", type=int)
    parser.add_argument("--policy", choices=["Sticky", "Balanced"], help="electionPolicy; upstream's order by default")
    parser.add_argument("--healing", action="store_true", help="watch the end of the fault, not its beginning")
    parser.add_argument("--watch", type=float, default=2.5, help="seconds that are watched after the fault")
    parser.add_argument("--settling", type=float, default=120, help="seconds until one node has all addresses (again)")
    parser.add_argument("--pause", type=float, default=3, help="seconds between two rounds")
    parser.add_argument("--binary", default=str(TOP / ".build/release/metallb"))
    parser.add_argument("--name", default="failover-bench")
    parser.add_argument("--keep", action="store_true", help="leave the lab as it is after a silence of a second")
    parser.add_argument("--debug", action="store_true")
    options = parser.parse_args()
    lab = Lab(options)
    leave = False
    try:
        prepare(lab, options)
        eventually("an owner", lambda: owner(lab, START[options.family[0]]), options.settling)
        time.sleep(options.pause)
        if options.healing:
            for index in range(options.rounds):
                for report in measure_healing(lab, options):
                    show_healing(index + 1, report)
                time.sleep(options.pause)
            return
        reports = []
        print("round  family  owner    next     takeover   silence    lost  outage    double")
        for index in range(options.rounds):
            for report in measure(lab, options):
                reports.append(report)
                show(index + 1, report)
            if options.keep and report["longestSilence"] > 1:
                print(json.dumps(report))
                leave = True
                return
            time.sleep(options.pause)
        for family in options.family:
            summarize(family, [report for report in reports if report["family"] == family])
    finally:
        if not leave:
            lab.down()


main()
