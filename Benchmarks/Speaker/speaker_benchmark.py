#!/usr/bin/env python3
"""What the speaker costs: idle, and with many Services to announce, against a real kube-apiserver.

    sudo python3 Benchmarks/Speaker/speaker_benchmark.py [COUNT]... [--binary .build/release/metallb]     10000 by default

The speaker and the server live in a network namespace of their own, where the speaker has one interface to announce on. The
Services have addresses and endpoints before it starts, as after an upgrade. It is over when the speaker has not used the
processor for three seconds: it has then also written the status and the event of each Service. Processor time and memory are
those of its process; how many addresses it announces is read from its metrics afterwards.

The server is that of Scripts/kube-apiserver, with METALLB_KUBE_APISERVER and METALLB_ETCD another. One before Kubernetes 1.21
does not know the EndpointSlices that the speaker reads (discovery.k8s.io/v1): it then gets at their predecessors through a
translator in this script, whose cost is not the speaker's.
"""
import argparse, http.client, http.server, json, os, queue, re, shutil, ssl, subprocess, sys, tempfile, threading, time

SPACE, OTHER = f"speaker-bench-{os.getpid()}", f"speaker-bench-x-{os.getpid()}"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.environ.get("METALLB_CACHE", os.path.expanduser("~/.cache/metallb"))
METRICS = 20911


def ip(command):
    subprocess.run(["ip"] + command.split(), check=True)


class Server:
    """A kube-apiserver with an administrator's connections."""

    def __init__(self, directory):
        self.directory = directory
        subprocess.run([f"{ROOT}/Scripts/kube-apiserver", "start", directory], check=True, stdout=subprocess.DEVNULL)
        with open(f"{directory}/server") as file:
            self.host = file.read().strip().split("//")[1]
        with open(f"{directory}/kubeconfig") as file:
            self.token = re.search(r"token: \"?([^\"}\s]+)", file.read()).group(1)
        self.slices = "v1" if self.knows("/apis/discovery.k8s.io/v1") else "v1beta1"

    def knows(self, path):
        connection = http.client.HTTPSConnection(self.host, context=ssl._create_unverified_context())
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        return connection.getresponse().status == 200

    def stop(self):
        subprocess.run([f"{ROOT}/Scripts/kube-apiserver", "stop", self.directory], check=False)

    def kubectl(self, *arguments):
        subprocess.run([f"{CACHE}/bin/kubectl-1.20", "--kubeconfig", f"{self.directory}/kubeconfig"] + list(arguments),
                       check=True, stdout=subprocess.DEVNULL, cwd=ROOT)

    def write(self, requests):
        """Many requests (method, path, object), in their order within each connection."""
        work = queue.SimpleQueue()
        failures = []
        for group in requests:
            work.put(group)

        def run():
            connection = http.client.HTTPSConnection(self.host, context=ssl._create_unverified_context())
            while not failures:
                try:
                    group = work.get_nowait()
                except queue.Empty:
                    return
                for method, path, content in group:
                    connection.request(method, path, json.dumps(content), {
                        "Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
                    response = connection.getresponse()
                    text = response.read()
                    if response.status >= 300:
                        failures.append(f"{method} {path}: {text.decode()}")
                        return

        threads = [threading.Thread(target=run) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            sys.exit(failures[0])

    def prepare(self):
        self.kubectl("apply", "-f", "Deploy/native/namespace.yaml", "-f", "Deploy/native/rbac.yaml")
        self.kubectl("apply", "--validate=false", "-f", "Deploy/crds")
        self.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        own, pools = {"namespace": "metallb-system", "name": "benchmark"}, "/apis/metallb.io/v1beta1/namespaces/metallb-system"
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "benchmark"}, "spec": {},
                "status": {"conditions": [{"type": "Ready", "status": "True"}],
                           "addresses": [{"type": "InternalIP", "address": "10.255.0.1"}]}}
        self.write([[
            ("POST", "/api/v1/nodes", node),
            ("POST", f"{pools}/ipaddresspools", {
                "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": own,
                "spec": {"addresses": ["10.0.0.0/9"]}}),
            ("POST", f"{pools}/l2advertisements", {
                "apiVersion": "metallb.io/v1beta1", "kind": "L2Advertisement", "metadata": own, "spec": {}})]])

    def create_services(self, count):
        def service(number):
            name = f"service-{number}"
            meta = {"name": name, "namespace": "default",
                    "annotations": {"metallb.io/ip-allocated-from-pool": "benchmark"}}
            status = {"loadBalancer": {"ingress": [{"ip": f"10.1.{number >> 8}.{number & 255}"}]}}
            content = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "status": status,
                       # Node ports come one after the other, and nothing here looks at them.
                       "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "allocateLoadBalancerNodePorts": False}}
            node = ({"nodeName": "benchmark"} if self.slices == "v1"
                    else {"topology": {"kubernetes.io/hostname": "benchmark"}})
            slice_ = {"apiVersion": f"discovery.k8s.io/{self.slices}", "kind": "EndpointSlice", "addressType": "IPv4",
                      "metadata": {"name": name, "namespace": "default", "labels": {"kubernetes.io/service-name": name}},
                      "endpoints": [{"addresses": ["10.200.0.1"], "conditions": {"ready": True}, **node}],
                      "ports": [{"port": 80}]}
            return [("POST", "/api/v1/namespaces/default/services", content),
                    ("PATCH_STATUS", name, status),
                    ("POST", f"/apis/discovery.k8s.io/{self.slices}/namespaces/default/endpointslices", slice_)]
        self.write([self.expanded(service(number)) for number in range(count)])

    @staticmethod
    def expanded(group):
        """The status of a new object goes to an address of its own; the object need not be read for that."""
        for method, path, content in group:
            if method == "PATCH_STATUS":
                yield ("PUT", f"/api/v1/namespaces/default/services/{path}/status", {
                    "apiVersion": "v1", "kind": "Service", "metadata": {
                        "name": path, "namespace": "default",
                        "annotations": {"metallb.io/ip-allocated-from-pool": "benchmark"}},
                    "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}, "status": content})
            else:
                yield (method, path, content)


class Translator(http.server.BaseHTTPRequestHandler):
    """Hands requests on to the server, those for EndpointSlices with the version that it knows."""

    protocol_version = "HTTP/1.1"
    upstream = None

    def handle_request(self):
        if not hasattr(self, "server_connection"):
            self.server_connection = http.client.HTTPSConnection(self.upstream, context=ssl._create_unverified_context())
        length = int(self.headers.get("Content-Length", 0))
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type", "Accept") if name in self.headers}
        self.server_connection.request(
            self.command, self.path.replace("/discovery.k8s.io/v1/", "/discovery.k8s.io/v1beta1/"), self.rfile.read(length),
            headers)
        response = self.server_connection.getresponse()
        self.send_response(response.status)
        self.send_header("Content-Type", response.getheader("Content-Type", "application/json"))
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := response.read1(1 << 16):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        response.close()
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def log_message(self, *arguments):
        pass

    @classmethod
    def serve(cls, server):
        """Starts a translator in front of a server; the speaker's kubeconfig then leads to it."""
        cls.upstream = server.host
        front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), cls)
        front.daemon_threads = True
        # At the end of a measurement connections break.
        front.handle_error = lambda *arguments: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{server.directory}/apiserver.crt", f"{server.directory}/apiserver.key")
        front.socket = context.wrap_socket(front.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=front.serve_forever, daemon=True).start()
        path = f"{server.directory}/kubeconfig-speaker"
        with open(path) as file:
            text = file.read().replace(server.host, f"127.0.0.1:{front.server_address[1]}")
        with open(path, "w") as file:
            file.write(text)


class Speaker:
    def __init__(self, binary, directory):
        self.log = open(f"{directory}/speaker.log", "wb")
        self.process = subprocess.Popen(
            [binary, "speaker", "--kubeconfig", f"{directory}/kubeconfig-speaker", "--namespace=metallb-system",
             "--node-name=benchmark", f"--port={METRICS}", "--health-probe-port=0"], stdout=self.log, stderr=self.log)
        self.start = time.monotonic()

    def processor(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, field):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(rf"{field}:\s+(\d+)", file.read()).group(1)) / 1024

    def settle(self):
        """Waits until it has nothing to do; returns when it last had."""
        last, since = -1.0, time.monotonic()
        while time.monotonic() - since < 3:
            if self.process.poll() is not None:
                sys.exit("the speaker has ended; see its log")
            now = self.processor()
            if now > last + 0.02:
                last, since = now, time.monotonic()
            time.sleep(0.2)
        return since - self.start

    def announced(self, token):
        connection = http.client.HTTPSConnection(f"127.0.0.1:{METRICS}", context=ssl._create_unverified_context())
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
        return len(re.findall(r"^metallb_speaker_announced\{.*\} 1", connection.getresponse().read().decode(), re.M))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def measure(binary, server, what, count):
    directory = server.directory
    speaker = Speaker(binary, directory)
    try:
        took = speaker.settle()
        work, resident, peak = speaker.processor(), speaker.memory("VmRSS"), speaker.memory("VmHWM")
        announced = speaker.announced(server.token)
        begin = speaker.processor()
        time.sleep(10)
        idle = (speaker.processor() - begin) * 10
        print(f"{what}: {took:.1f} s until quiet, {work:.2f} CPU s, {resident:.0f} MB resident, {peak:.0f} MB peak, "
              f"{announced} announced; {idle:.1f} % of a processor afterwards", flush=True)
        if announced != count:
            with open(f"{directory}/speaker.log") as log:
                sys.exit(f"{announced} addresses are announced, and not {count}. The speaker's log ends so:\n"
                         + "".join(log.readlines()[-10:]))
    finally:
        speaker.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("counts", nargs="*", type=int, default=[10000])
    parser.add_argument("--binary", default=".build/release/metallb")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        for count in options.counts:
            directory = tempfile.mkdtemp(prefix="speaker-bench-") + "/server"
            server = Server(directory)
            try:
                server.prepare()
                if server.slices != "v1":
                    Translator.serve(server)
                measure(options.binary, server, "no Services", 0)
                server.create_services(count)
                measure(options.binary, server, f"{count} Services", count)
            finally:
                server.stop()
                shutil.rmtree(os.path.dirname(directory), ignore_errors=True)
        return
    for space in (SPACE, OTHER):
        ip(f"netns add {space}")
    try:
        ip(f"link add bench0 netns {SPACE} type veth peer name bench0 netns {OTHER}")
        ip(f"-n {SPACE} address add 10.255.0.1/8 dev bench0")
        for space in (SPACE, OTHER):
            ip(f"-n {space} link set lo up")
            ip(f"-n {space} link set bench0 up")
        subprocess.run(["ip", "netns", "exec", SPACE, sys.executable, os.path.abspath(__file__), "--inside", "--binary",
                        os.path.abspath(options.binary)] + [str(count) for count in options.counts], check=True)
    finally:
        for space in (SPACE, OTHER):
            ip(f"netns del {space}")


if __name__ == "__main__":
    main()
