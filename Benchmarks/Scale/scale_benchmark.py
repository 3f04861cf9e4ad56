#!/usr/bin/env python3
"""What MetalLB and those who look at it cost in a cluster of very many Services.

    sudo python3 Benchmarks/Scale/scale_benchmark.py [COUNT] [--binary .build/release/metallb] [--only PART,...]

A stand-in for the API server, in this script, serves COUNT Services (100,000 by default) over HTTP: lists in pages, watches,
writes that it takes note of. Controller, speaker, `metallb dashboard` and `metallb status` run beside it in a network namespace
of their own. Measured are (parts: controller, speaker, dashboard, status)

- until a process is quiet, what it holds then, and how long a new Service waits for its address, or an address that comes
  into being for its announcement, while nobody looks and while each of its pages is asked for without a pause;
- the dashboard's first page, what a change costs, what a browser is sent, and what it holds;
- the same of `metallb status`, which reads everything anew for every look.
"""
import argparse, collections, http.client, http.server, json, os, queue, re, socket, ssl, subprocess, sys, tempfile
import threading, time, urllib.parse

SPACE, OTHER = f"scale-bench-{os.getpid()}", f"scale-bench-x-{os.getpid()}"
CORE, OWN = "/api/v1", "/apis/metallb.io/v1beta1/namespaces/metallb-system"
SERVICES, SLICES = f"{CORE}/services", "/apis/discovery.k8s.io/v1/endpointslices"
METRICS, HEALTH = {"controller": 20921, "speaker": 20922}, {"controller": 20931, "speaker": 20932}


class Cluster:
    """The objects, by the path of their list; who watches a list; who waits for a write."""

    def __init__(self, count):
        self.lock = threading.Lock()
        self.version = 1
        self.lists = collections.defaultdict(dict)
        self.watchers = collections.defaultdict(list)
        self.writes = queue.SimpleQueue()
        self.expected = None
        self.lists[f"{CORE}/nodes"]["bench"] = self.text("v1", "Node", "bench", None, spec={}, status={
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "10.255.0.1"}]})
        for role in METRICS:
            self.lists[f"{CORE}/namespaces/metallb-system/pods"][role] = self.text(
                "v1", "Pod", role, "metallb-system", labels={"app": "metallb", "component": role},
                spec={"nodeName": "bench", "containers": []}, status={
                    "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
        for plural, kind, spec in (("ipaddresspools", "IPAddressPool", {"addresses": ["10.0.0.0/9"]}),
                                   ("l2advertisements", "L2Advertisement", {})):
            self.lists[f"{OWN}/{plural}"]["bench"] = self.text(
                "metallb.io/v1beta1", kind, "bench", "metallb-system", spec=spec)
        self.lists[f"{CORE}/namespaces"]["default"] = self.text("v1", "Namespace", "default", None)
        for number in range(count):
            name = f"service-{number}"
            self.lists[SERVICES][name] = self.service(name, self.address(number))
            self.lists[SLICES][name] = self.slice(name)

    @staticmethod
    def address(number):
        return f"10.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"

    def text(self, version, kind, name, namespace, labels=None, annotations=None, **rest):
        self.version += 1
        meta = {"name": name, "uid": f"00000000-0000-0000-0000-{self.version:012}", "resourceVersion": str(self.version),
                "creationTimestamp": "2026-01-01T00:00:00Z"}
        for key, value in (("namespace", namespace), ("labels", labels), ("annotations", annotations)):
            if value:
                meta[key] = value
        return json.dumps({"apiVersion": version, "kind": kind, "metadata": meta, **rest}).encode()

    def service(self, name, address=None):
        return self.text(
            "v1", "Service", name, "default", labels={"app": name},
            annotations={"metallb.io/ip-allocated-from-pool": "bench"} if address else None,
            spec={"type": "LoadBalancer", "clusterIPs": ["10.96.0.1"], "ipFamilies": ["IPv4"], "ports": [
                {"name": "http", "protocol": "TCP", "port": 80, "targetPort": 80, "nodePort": 30000}],
                "selector": {"app": name}, "externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": True},
            status={"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]} if address else {}})

    def slice(self, name):
        return self.text(
            "discovery.k8s.io/v1", "EndpointSlice", name, "default", labels={"kubernetes.io/service-name": name},
            addressType="IPv4", ports=[{"port": 80}],
            endpoints=[{"addresses": ["10.200.0.1"], "conditions": {"ready": True}, "nodeName": "bench"}])

    def put(self, path, name, text, change):
        """Stores an object, and tells those who watch."""
        with self.lock:
            self.lists[path][name] = text
            for watcher in self.watchers[path]:
                watcher.put(b'{"type":"%s","object":%s}\n' % (change.encode(), text))

    def await_write(self, fragment, action, limit=60):
        """Milliseconds from an action to the first write whose path or content has the fragment."""
        while not self.writes.empty():
            self.writes.get()
        self.expected = fragment
        start = time.monotonic()
        action()
        try:
            return (self.writes.get(timeout=limit) - start) * 1000
        finally:
            self.expected = None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster = None

    def answer(self, code, content):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        path, _, rest = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(rest))
        proxied = re.match(r".*/pods/(\w+):\d+/proxy(/.*)", path)
        if proxied:
            connection = http.client.HTTPConnection("127.0.0.1", HEALTH[proxied.group(1)], timeout=60)
            try:
                connection.request("GET", proxied.group(2) + ("?" + rest if rest else ""))
                return self.answer(200, connection.getresponse().read())
            except OSError:
                return self.answer(503, b"{}")
        if path in ("/version", "/apis", "/api"):
            return self.answer(200, b'{"major":"1","minor":"36","groups":[]}')
        if query.get("watch"):
            return self.watch(path, query)
        cluster = self.cluster
        plural = path.rsplit("/", 1)[-1]
        known = {"services", "endpointslices", "nodes", "pods", "namespaces", "events", "secrets", "configmaps"}
        if not (plural in known or plural.endswith(("s", "ies"))) or path.count("/") > 7:
            return self.answer(404, b'{"kind":"Status","code":404,"message":"not found"}')
        with cluster.lock:
            objects = cluster.lists[path] if not query.get("fieldSelector") else {}
            selector = query.get("labelSelector", "")
            if selector.startswith("kubernetes.io/service-name="):
                name = selector.split("=", 1)[1]
                objects = {name: cluster.lists[SLICES][name]} if name in cluster.lists[SLICES] else {}
            start, limit = int(query.get("continue") or 0), int(query.get("limit") or 10**9)
            items = list(objects.values())[start:start + limit]
            more = start + limit if len(objects) > start + limit else None
        meta = {"resourceVersion": str(cluster.version), **({"continue": str(more)} if more else {})}
        self.answer(200, b'{"kind":"List","apiVersion":"v1","metadata":%s,"items":[%s]}' % (
            json.dumps(meta).encode(), b",".join(items)))

    def watch(self, path, query):
        events = queue.SimpleQueue()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if not query.get("fieldSelector"):
            with self.cluster.lock:
                self.cluster.watchers[path].append(events)
        try:
            while True:
                line = events.get()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
        except OSError:
            with self.cluster.lock:
                self.cluster.watchers[path].remove(events)

    def write(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        expected = self.cluster.expected
        if expected and (expected in self.path or expected.encode() in content):
            self.cluster.writes.put(time.monotonic())
        parts = self.path.partition("?")[0].split("/")
        if parts[-1] == "events":
            return self.answer(201, content)
        try:
            value = json.loads(content)
            self.cluster.version += 1
            meta = value["metadata"]
            meta["resourceVersion"] = str(self.cluster.version)
            meta.setdefault("name", meta.get("generateName", "") + str(self.cluster.version))
            meta.setdefault("uid", str(self.cluster.version))
            content = json.dumps(value).encode()
            # What speakers report is there for those who ask.
            if parts[-1] in ("servicel2statuses", "bgpsessionstates"):
                self.cluster.put("/".join(parts), meta["name"], content, "ADDED")
        except (ValueError, KeyError):
            pass
        self.answer(201 if self.command == "POST" else 200, content)

    do_POST = do_PUT = do_PATCH = write

    def do_DELETE(self):
        self.answer(200, b"{}")

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


class Process:
    def __init__(self, arguments, log):
        self.log = open(log, "wb")
        self.process = subprocess.Popen(arguments, stdout=self.log, stderr=self.log)
        self.start = time.monotonic()

    def processor(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, field="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(rf"{field}:\s+(\d+)", file.read()).group(1)) / 1024

    def settle(self, calm=3.0):
        """Waits until it has nothing to do; returns when it last had."""
        last, since = -1.0, time.monotonic()
        while time.monotonic() - since < calm:
            if self.process.poll() is not None:
                sys.exit(f"a process has ended; see {self.log.name}")
            now = self.processor()
            if now > last + 0.02:
                last, since = now, time.monotonic()
            time.sleep(0.1)
        return since - self.start

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


def ask(role, path):
    """How many bytes a page of a process has, and how long it took."""
    start = time.monotonic()
    if path == "/metrics":
        connection = http.client.HTTPConnection("127.0.0.1", METRICS[role], timeout=120)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", HEALTH[role], timeout=120)
    connection.request("GET", path)
    size = len(connection.getresponse().read())
    connection.close()
    return size, time.monotonic() - start


def figures(samples):
    samples = sorted(samples)
    return f"median {samples[len(samples) // 2]:.1f} ms, most {samples[-1]:.1f} ms"


def measure_process(role, cluster, change, process):
    took = process.settle()
    print(f"{role}: {took:.1f} s until quiet, {process.processor():.1f} CPU s, {process.memory():.0f} MB "
          f"(peak {process.memory('VmHWM'):.0f})", flush=True)
    number = iter(range(10**9))

    def sample(count):
        return [change(next(number)) for _ in range(count)]

    sample(3)
    print(f"{role}, nobody looks: a change takes effect after {figures(sample(25))}", flush=True)
    for path in ("/metrics", "/status", "/debug/decisions"):
        size, took = ask(role, path)
        over = threading.Event()

        def look():
            while not over.is_set():
                ask(role, path)

        looker = threading.Thread(target=look)
        looker.start()
        samples = sample(25)
        over.set()
        looker.join()
        print(f"{role}, {path} ({size / 1e6:.1f} MB in {took:.2f} s) asked for without a pause: after {figures(samples)}; "
              f"{process.memory():.0f} MB (peak {process.memory('VmHWM'):.0f})", flush=True)


class Page:
    """A browser that looks at the dashboard."""

    def __init__(self, url, query=""):
        self.socket = socket.create_connection(("127.0.0.1", url.port), timeout=120)
        self.socket.sendall(f"GET /stream?{query} HTTP/1.1\r\nHost: 127.0.0.1:{url.port}\r\n"
                            f"Authorization: Bearer {url.fragment.split('=')[1]}\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.size = 0

    def next(self, fragment=b""):
        """The next page that has a fragment: its size."""
        while True:
            line = self.file.readline()
            if not line:
                sys.exit("the dashboard has hung up")
            self.size += len(line)
            if line.startswith(b"data: ") and fragment in line:
                return len(line)


def measure_dashboard(cluster, process, log):
    while b"ends it" not in open(log, "rb").read():
        time.sleep(0.05)
    url = urllib.parse.urlparse(re.search(rb"http://\S+#token=\S+", open(log, "rb").read()).group(0).decode())
    page = Page(url)
    page.next()
    first = time.monotonic() - process.start
    size = page.next(b'"state":"live"')
    whole = time.monotonic() - process.start
    print(f"dashboard: the first page after {first:.2f} s, all is known after {whole:.1f} s and "
          f"{process.processor():.1f} CPU s, {size / 1e3:.0f} kB a page, {process.memory():.0f} MB "
          f"(peak {process.memory('VmHWM'):.0f})", flush=True)
    for index in range(3):
        start, work = time.monotonic(), process.processor()
        name = f"a-new-{index}"
        cluster.put(SERVICES, name, cluster.service(name), "ADDED")
        page.next(name.encode())
        shown = time.monotonic() - start
        time.sleep(3)
        print(f"dashboard: a new Service is shown after {shown:.2f} s; {process.processor() - work:.2f} CPU s in "
              f"{time.monotonic() - start:.1f} s", flush=True)
    work, begin, size = process.processor(), time.monotonic(), page.size
    over = time.monotonic() + 20
    index = 0
    reader = threading.Thread(target=lambda: [page.next() for _ in iter(int, 1)], daemon=True)
    reader.start()
    while time.monotonic() < over:
        index += 1
        cluster.put(SERVICES, "service-7", cluster.service("service-7", cluster.address(7)), "MODIFIED")
        time.sleep(0.02)
    span = time.monotonic() - begin
    print(f"dashboard: under {index / span:.0f} changes a second {(process.processor() - work) / span * 100:.0f} % of a "
          f"processor, {(page.size - size) / span / 1e3:.0f} kB/s to the browser, {process.memory():.0f} MB "
          f"(peak {process.memory('VmHWM'):.0f})", flush=True)


def inside(options):
    directory = tempfile.mkdtemp(prefix="scale-bench-")
    cluster = Cluster(options.count)
    Handler.cluster = cluster
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kubeconfig = f"{directory}/kubeconfig"
    with open(kubeconfig, "w") as file:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "bench",
                   "clusters": [{"name": "bench", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
                   "users": [{"name": "bench", "user": {}}],
                   "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}]}, file)
    common = ["--kubeconfig", kubeconfig, "--namespace=metallb-system"]
    started = []

    def start(name, *arguments):
        process = Process([options.binary, name, *common, *arguments], f"{directory}/{name}.log")
        started.append(process)
        return process

    def serve(role):
        return [f"--port={METRICS[role]}", "--plain-metrics", f"--health-probe-port={HEALTH[role]}"]

    def served(number):
        name = f"new-{number}"
        return cluster.await_write(f"/{name}/status", lambda: cluster.put(SERVICES, name, cluster.service(name), "ADDED"))

    def announced(number):
        name = f"late-{number}"
        cluster.put(SLICES, name, cluster.slice(name), "ADDED")
        time.sleep(0.1)
        return cluster.await_write(f'"{name}"', lambda: cluster.put(
            SERVICES, name, cluster.service(name, f"10.100.{number >> 8}.{number & 255}"), "ADDED"))

    try:
        parts = options.only.split(",")
        if "controller" in parts:
            measure_process("controller", cluster, served,
                            start("controller", "--webhook-mode=disabled", *serve("controller")))
        if "speaker" in parts:
            measure_process("speaker", cluster, announced, start("speaker", "--node-name=bench", "--no-l2-probe", *serve("speaker")))
        if "dashboard" in parts:
            process = start("dashboard", f"--status-port={HEALTH['speaker']}")
            measure_dashboard(cluster, process, f"{directory}/dashboard.log")
            process.stop()
            started.remove(process)
        if "status" in parts:
            with open(f"{directory}/status.log", "wb") as log:
                command = [options.binary, "status", *common, f"--status-port={HEALTH['speaker']}"]
                process = Process(command, f"{directory}/status.log")
                _, _, usage = os.wait4(process.process.pid, 0)
                took = time.monotonic() - process.start
                print(f"status: {took:.1f} s, {usage.ru_utime + usage.ru_stime:.1f} CPU s, "
                      f"{usage.ru_maxrss / 1024:.0f} MB peak", flush=True)
            process = Process([*command, "--watch"], f"{directory}/watch.log")
            started.append(process)
            time.sleep(took)
            work, begin = process.processor(), time.monotonic()
            while time.monotonic() < begin + 60:
                cluster.put(SERVICES, "service-7", cluster.service("service-7", cluster.address(7)), "MODIFIED")
                time.sleep(0.1)
            print(f"status --watch: {(process.processor() - work) / 60 * 100:.0f} % of a processor under 10 changes a "
                  f"second, {process.memory():.0f} MB (peak {process.memory('VmHWM'):.0f})", flush=True)
    finally:
        for process in started:
            process.stop()
        print(f"logs: {directory}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("count", nargs="?", type=int, default=100000)
    parser.add_argument("--binary", default=".build/release/metallb")
    parser.add_argument("--only", default="controller,speaker,dashboard,status")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    for space in (SPACE, OTHER):
        subprocess.run(["ip", "netns", "add", space], check=True)
    try:
        for command in (f"link add bench0 netns {SPACE} type veth peer name bench0 netns {OTHER}",
                        f"-n {SPACE} address add 10.255.0.1/8 dev bench0", f"-n {SPACE} link set lo up",
                        f"-n {OTHER} link set bench0 up", f"-n {SPACE} link set bench0 up"):
            subprocess.run(["ip"] + command.split(), check=True)
        subprocess.run(["ip", "netns", "exec", SPACE, sys.executable, os.path.abspath(__file__), "--inside", "--binary",
                        os.path.abspath(options.binary), "--only", options.only, str(options.count)], check=True)
    finally:
        for space in (SPACE, OTHER):
            subprocess.run(["ip", "netns", "del", space], check=True)


if __name__ == "__main__":
    main()
