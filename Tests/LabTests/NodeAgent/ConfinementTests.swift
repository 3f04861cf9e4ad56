import KubernetesModel
import Testing

@testable import Lab

@Suite struct ConfinementTests {
  private static let bundle = OCIBundle(
    rootFileSystem: "/bundle/rootfs", arguments: ["/speaker"], environment: ["PATH=/", "MODE=image"], user: 65534,
    group: 65534)
  private static let netRaw: Int32 = 13

  private func confinement(_ container: JSONValue, pod: JSONValue = [:]) throws -> Confinement {
    try Confinement(bundle: Self.bundle, pod: pod, container: container)
  }

  @Test func `without a security context a container is what its image says, with what runtimes leave it`() throws {
    let confinement = try self.confinement([:])
    #expect((confinement.user, confinement.group) == (65534, 65534))
    #expect(confinement.capabilities.count == 14 && confinement.capabilities.contains(Self.netRaw))
    #expect(!confinement.hasReadOnlyRoot && confinement.mayGainPrivileges)
  }

  @Test func `dropping all and adding one leaves that one`() throws {
    let confinement = try self.confinement([
      "securityContext": [
        "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
        "capabilities": ["drop": ["ALL"], "add": ["CAP_NET_RAW"]],
      ]
    ])
    #expect(confinement.capabilities == [Self.netRaw])
    #expect(confinement.hasReadOnlyRoot && !confinement.mayGainPrivileges)
  }

  @Test func `the container's own user goes before the pod's, and that before the image's`() throws {
    let pod: JSONValue = ["securityContext": ["runAsUser": 1000, "runAsNonRoot": true]]
    #expect(try self.confinement([:], pod: pod).user == 1000)
    #expect(try self.confinement([:], pod: pod).group == 0)
    #expect(try self.confinement(["securityContext": ["runAsUser": 7, "runAsGroup": 8]], pod: pod).group == 8)
    #expect(throws: ContainerPlanner.Missing(description: "container has runAsNonRoot and image will run as root")) {
      try self.confinement(["securityContext": ["runAsUser": 0]], pod: pod)
    }
  }

  @Test func `a capability that does not exist is named`() {
    #expect(throws: ContainerPlanner.Missing(description: "invalid capability \"FLY\"")) {
      try self.confinement(["securityContext": ["capabilities": ["add": ["FLY"]]]])
    }
  }
}
