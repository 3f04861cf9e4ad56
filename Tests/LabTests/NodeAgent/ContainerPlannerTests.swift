import KubernetesModel
import Primitives
import Testing

@testable import Lab

struct ContainerPlannerTests {
  private func planner(
    _ container: JSONValue, hostNetwork: Bool = false, configMaps: [String: LabObject] = [:],
    secrets: [String: LabObject] = [:], images: LocalImages = LocalImages()
  ) -> ContainerPlanner {
    let pod = LabObject([
      "metadata": ["name": "speaker-x", "namespace": "metallb-system", "uid": "u", "labels": ["app": "metallb"]],
      "spec": [
        "hostNetwork": .bool(hostNetwork), "serviceAccountName": "speaker", "containers": [container],
      ],
    ])
    let place = PodPlace(
      pod: pod, nodeName: "node-1", nodeAddress: "198.18.0.11", podAddresses: ["10.244.1.2", "fd00:10:244:1::2"],
      networkNamespace: "/run/netns/x", directory: "/state/u")
    return ContainerPlanner(
      place: place, binary: "/bin/metallb", apiServer: AddressPlan.controlPlane, apiServerPort: 6443,
      configMaps: configMaps, secrets: secrets, images: images)
  }

  private func arguments(_ container: JSONValue) throws -> [String] {
    Array(try self.planner(container).spec(for: container).arguments.dropFirst())
  }

  @Test func `images of the product run this binary with the subcommand that they stand for`() throws {
    let own: JSONValue = ["name": "a", "image": "metallb:latest", "args": ["speaker", "--port=9120"]]
    #expect(try self.arguments(own) == ["speaker", "--port=9120"])
    let upstream: JSONValue = ["name": "a", "image": "quay.io/metallb/speaker:v0.16.1", "args": ["--port=9120"]]
    #expect(try self.arguments(upstream) == ["speaker", "--port=9120"])
    let named: JSONValue = [
      "name": "a", "image": "registry:5000/metallb@sha256:0", "command": ["/controller"], "args": ["--log-level=debug"],
    ]
    #expect(try self.arguments(named) == ["controller", "--log-level=debug"])
  }

  @Test func `any other image is the web server on the declared ports`() throws {
    let nginx: JSONValue = [
      "name": "a", "image": "nginx:1.25", "command": ["nginx"],
      "ports": [["containerPort": 80], ["containerPort": 53, "protocol": "UDP"]],
    ]
    #expect(
      try self.arguments(nginx) == [
        "lab-web", "--tcp", "80", "--udp", "53", "--pod", "speaker-x", "--node", "node-1",
      ])
    #expect(
      try self.arguments(["name": "a", "image": "nginx"]).prefix(5) == ["lab-web", "--tcp", "80", "--tcp", "8080"])
  }

  @Test func `variables come from values, fields, ConfigMaps and Secrets, and refer to each other`() throws {
    let secret = LabObject(["kind": "Secret", "data": ["key": "c2VjcmV0"]])
    let container: JSONValue = [
      "name": "a", "image": "metallb", "args": ["--node=$(NODE)", "$$(NODE)", "$(UNKNOWN)"],
      "env": [
        ["name": "NODE", "valueFrom": ["fieldRef": ["fieldPath": "spec.nodeName"]]],
        ["name": "HOST", "valueFrom": ["fieldRef": ["fieldPath": "status.hostIP"]]],
        ["name": "APP", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['app']"]]],
        ["name": "BOTH", "value": "$(NODE)/$(APP)"],
        ["name": "KEY", "valueFrom": ["secretKeyRef": ["name": "s", "key": "key"]]],
      ],
    ]
    let planner = self.planner(container, secrets: ["s": secret])
    let environment = try planner.environment(of: container)
    #expect(
      ["NODE", "HOST", "APP", "BOTH", "KEY", "KUBERNETES_SERVICE_HOST"].map { environment[$0] } == [
        "node-1", "198.18.0.11", "metallb", "node-1/metallb", "secret", "198.18.0.1",
      ])
    #expect(try planner.spec(for: container).arguments.dropFirst() == ["--node=node-1", "$(NODE)", "$(UNKNOWN)"])
  }

  @Test func `a reference to what is not there says what is missing, unless it is optional`() throws {
    func container(optional: Bool) -> JSONValue {
      [
        "name": "a", "image": "metallb",
        "env": [
          [
            "name": "X",
            "valueFrom": ["configMapKeyRef": ["name": "none", "key": "k", "optional": .bool(optional)]],
          ]
        ],
      ]
    }
    #expect(throws: ContainerPlanner.Missing(description: "configmap \"none\" not found")) {
      try self.planner(container(optional: false)).environment(of: container(optional: false))
    }
    #expect(try self.planner(container(optional: true)).environment(of: container(optional: true))["X"] == nil)
  }

  @Test func `what lies in another volume is shown after it`() throws {
    let container: JSONValue = [
      "name": "a", "image": "metallb/speaker",
      "volumeMounts": [
        ["name": "inner", "mountPath": "/etc/metallb/memberlist"], ["name": "outer", "mountPath": "/etc/metallb"],
      ],
    ]
    let targets = try self.planner(container).spec(for: container).mounts.map(\.target)
    #expect(targets.filter { $0.hasPrefix("/etc") } == ["/etc/metallb", "/etc/metallb/memberlist"])
  }

  @Test func `an image that the lab was given runs from there, with its own variables and below its own root`() throws {
    var images = LocalImages()
    images.add(
      "example.org/speaker",
      .bundle(
        OCIBundle(
          rootFileSystem: "/b/rootfs", arguments: ["/speaker"], environment: ["PATH=/", "MODE=image", "LEVEL=image"],
          user: 0, group: 0)))
    images.add("example.org/other:1", .program("/usr/bin/other"))
    let own: JSONValue = [
      "name": "a", "image": "example.org/speaker:2", "args": ["--port=1"],
      "env": [["name": "LEVEL", "value": "pod"]],
    ]
    let spec = try self.planner(own, images: images).spec(for: own)
    #expect(spec.program == "/speaker" && spec.arguments == ["/speaker", "--port=1"])
    #expect(spec.image?.rootFileSystem == "/b/rootfs")
    #expect(["PATH=/", "MODE=image", "LEVEL=pod"].allSatisfy { spec.environment.contains($0) })
    #expect(!spec.environment.contains("LEVEL=image"))
    let other: JSONValue = ["name": "a", "image": "example.org/other:1", "command": ["/x", "run"], "args": ["it"]]
    let program = try self.planner(other, images: images).spec(for: other)
    #expect(program.arguments == ["/usr/bin/other", "run", "it"] && program.image == nil)
    let tagged: JSONValue = ["name": "a", "image": "example.org/other:2"]
    #expect(try self.planner(tagged, images: images).spec(for: tagged).program == "/bin/metallb")
  }

  @Test func `a container that fails again and again waits longer and longer, and a long run is forgiven`() {
    var backoff = RestartBackoff()
    let pauses = (0..<8).map { _ in backoff.pause(afterRunOf: .seconds(1)) }
    #expect(pauses == [0, 1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
    #expect(backoff.pause(afterRunOf: .seconds(60)) == .zero)
  }

  @Test func `a probe's verdict changes after as many answers in a row as it says`() {
    var verdict = ProbeVerdict(startsPassing: true, successThreshold: 1, failureThreshold: 3)
    #expect(
      [false, false, true, false, false, false, true].map { verdict.take($0) } == [
        false, false, false, false, false, true, true,
      ])
    #expect(verdict.isPassing)
  }

  @Test func `logs show the lines asked for`() {
    let recorded = """
      2027-01-15T08:00:00.000000Z stdout F one
      2027-01-15T08:00:01.000000Z stdout F two  spaces
      2027-01-15T08:00:02.000000Z stdout F 

      """
    #expect(PodLogs.Selection().lines(of: recorded) == ["one", "two  spaces", ""])
    #expect(PodLogs.Selection(tailLines: 1).lines(of: recorded) == [""])
    #expect(
      PodLogs.Selection(since: Timestamp("2027-01-15T08:00:01Z"), hasTimestamps: true).lines(of: recorded).first
        == "2027-01-15T08:00:01.000000Z two  spaces")
  }
}
