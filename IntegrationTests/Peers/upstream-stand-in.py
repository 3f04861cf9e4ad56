#!/usr/bin/python3
"""Stands in for MetalLB's own speaker and controller in a lab's pods, where those cannot be built.

As a speaker it does what another speaker, a router or a client can see of MetalLB 0.16.1 on layer 2 (contract sections 11
and 12): it gossips by HashiCorp's memberlist (serf's), with the key made of the secret as MetalLB makes it; elects by
SHA-256 of NODE#ADDRESS among the members that run; answers ARP for what it owns; sends the burst of gratuitous ARP; writes
the ServiceL2Status; and leaves the group when it is told to end. IPv4 only. It looks at Services twice a second instead of
watching them.

As a controller (no METALLB_NODE_NAME) it does nothing: what MetalLB's has left behind is all that matters.
"""

import base64
import ctypes
import hashlib
import http.server
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.request

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
INTERFACE = "eth0"
BURST, BURST_PERIOD = 5.0, 1.1


def log(text: str, **facts) -> None:
    print(json.dumps({"caller": "stand-in", "msg": text, **facts}), flush=True)


def serve_health(host: str) -> None:
    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((host, 17472), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Cluster:
    """The API server, as a pod reaches it."""

    def __init__(self):
        self.base = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
        self.context = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
        self.namespace = open(f"{ACCOUNT}/namespace").read()

    def ask(self, method: str, path: str, body=None):
        request = urllib.request.Request(self.base + path, method=method, data=json.dumps(body).encode() if body else None)
        request.add_header("Authorization", "Bearer " + open(f"{ACCOUNT}/token").read())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, context=self.context, timeout=5) as answer:
            return json.load(answer)


def die_with_parent() -> None:
    """A container that is killed takes all its processes along; here nobody else sees to it."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Members:
    """The group of the speakers, by a serf agent of this node's own."""

    def __init__(self, node: str, address: str, others: list[str]):
        secret = open(os.path.join(os.environ["METALLB_ML_SECRET_KEY_PATH"], "secretkey"), "rb").read()
        key = base64.b64encode((secret + hashlib.sha256(b"").digest())[:32]).decode()
        command = ["serf", "agent", f"-node={node}", f"-bind={address}:7946", "-rpc-addr=127.0.0.1:7373", f"-encrypt={key}"]
        self.agent = subprocess.Popen(
            command + [f"-retry-join={other}" for other in others] + ["-retry-interval=1s", "-replay=false"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def alive(self) -> set[str]:
        answer = subprocess.run(["serf", "members", "-format=json", "-status=alive"], capture_output=True, timeout=5)
        return {member["name"] for member in json.loads(answer.stdout)["members"]} if answer.returncode == 0 else set()

    def leave(self) -> None:
        try:
            subprocess.run(["serf", "leave"], capture_output=True, timeout=1.5)
        finally:
            self.agent.kill()


class Responder(threading.Thread):
    """Answers ARP on the node's interface for the addresses that it is told to."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        self.socket.bind((INTERFACE, 0x0806))
        self.hardware = self.socket.getsockname()[4]
        self.owned: dict[bytes, float] = {}

    def frame(self, operation: int, address: bytes, to: bytes, asker: bytes, payload_to: bytes) -> bytes:
        return (to + self.hardware + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation)
                + self.hardware + address + payload_to + asker)

    def run(self) -> None:
        while True:
            frame = self.socket.recv(2048)
            if len(frame) < 42 or frame[20:22] != b"\0\1" or frame[:6] not in (b"\xff" * 6, self.hardware):
                continue
            if frame[38:42] in self.owned:
                self.socket.send(self.frame(2, frame[38:42], frame[6:12], frame[28:32], frame[22:28]))

    def own(self, addresses: set[str], now: float) -> None:
        wanted = {socket.inet_aton(address) for address in addresses}
        for address in set(self.owned) - wanted:
            del self.owned[address]
        for address in wanted - set(self.owned):
            self.owned[address] = now
        for address, since in list(self.owned.items()):
            if now - since < BURST and (now - since) % BURST_PERIOD < 0.5:
                for operation in (1, 2):
                    self.socket.send(self.frame(operation, address, b"\xff" * 6, address, b"\xff" * 6))


def announce(cluster: Cluster, node: str, service: dict) -> None:
    namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
    path = f"/apis/metallb.io/v1beta1/namespaces/{cluster.namespace}/servicel2statuses"
    for status in cluster.ask("GET", path)["items"]:
        labels = status["metadata"].get("labels", {})
        if (labels.get("metallb.io/service-namespace"), labels.get("metallb.io/service-name")) == (namespace, name):
            if labels.get("metallb.io/node") == node:
                return
            cluster.ask("DELETE", f"{path}/{status['metadata']['name']}")
    pod = cluster.ask("GET", f"/api/v1/namespaces/{cluster.namespace}/pods/{os.environ['METALLB_POD_NAME']}")
    made = cluster.ask("POST", path, {
        "apiVersion": "metallb.io/v1beta1", "kind": "ServiceL2Status",
        "metadata": {
            "generateName": "l2-", "namespace": cluster.namespace,
            "labels": {"metallb.io/node": node, "metallb.io/service-name": name, "metallb.io/service-namespace": namespace},
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}]}})
    made["status"] = {"node": node, "serviceName": name, "serviceNamespace": namespace}
    cluster.ask("PUT", f"{path}/{made['metadata']['name']}/status", made)


def speak(node: str) -> None:
    cluster = Cluster()
    labels = os.environ["METALLB_ML_LABELS"].replace("=", "%3D").replace(",", "%2C")
    own = os.environ["METALLB_ML_BIND_ADDR"]
    pods = cluster.ask("GET", f"/api/v1/namespaces/{cluster.namespace}/pods?labelSelector={labels}")["items"]
    others = [pod["status"]["podIP"] for pod in pods if pod.get("status", {}).get("podIP") not in (None, own)]
    members, responder = Members(node, own, others), Responder()
    responder.start()
    serve_health("127.0.0.1")
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    announced: dict[str, bool] = {}
    while not ending.wait(0.5):
        try:
            alive = members.alive()
            services = cluster.ask("GET", "/api/v1/services")["items"]
            mine = set()
            for service in services:
                ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
                address = ingress[0]["ip"] if ingress else None
                if service["spec"].get("type") != "LoadBalancer" or address is None or not alive:
                    continue
                if min(alive, key=lambda name: hashlib.sha256(f"{name}#{address}".encode()).digest()) == node:
                    mine.add(address)
                    if not announced.get(address):
                        announce(cluster, node, service)
                        log("service has IP, announcing", event="serviceAnnounced", ip=address, members=sorted(alive))
            for address in set(announced) - mine:
                log("withdrawing service announcement", event="serviceWithdrawn", ip=address, members=sorted(alive))
            announced = dict.fromkeys(mine, True)
            responder.own(mine, time.monotonic())
        except Exception as error:  # an API server that is away for a moment
            log("cannot look", error=f"{type(error).__name__}: {error}")
    log("leaving")
    members.leave()


def main() -> None:
    node = os.environ.get("METALLB_NODE_NAME")
    if node:
        speak(node)
        return
    serve_health("0.0.0.0")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()


main()
