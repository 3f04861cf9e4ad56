import KubernetesModel
import Testing

@testable import Lab

@Suite struct StrategicMergePatchTests {
  private let service = ResourceType(group: "", version: "v1", plural: "services", kind: "Service")
  private let deployment = ResourceType(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")

  private func ports(_ live: JSONValue, patched patch: JSONValue) throws -> JSONValue? {
    try StrategicMergePatch.apply(["spec": patch], to: ["spec": ["ports": live]], type: self.service)[
      path: "spec", "ports"]
  }

  @Test func `ports merge by port number and new ones come first`() throws {
    let live: JSONValue = [["name": "only", "protocol": "TCP", "port": 81, "targetPort": 81]]
    #expect(
      try self.ports(live, patched: ["ports": [["port": 82, "name": "second"]]]) == [
        ["port": 82, "name": "second"], ["name": "only", "protocol": "TCP", "port": 81, "targetPort": 81],
      ])
    #expect(
      try self.ports(live, patched: ["ports": [["port": 81, "targetPort": 9000]]]) == [
        ["name": "only", "protocol": "TCP", "port": 81, "targetPort": 9000]
      ])
  }

  @Test func `an element is deleted and a list is replaced on request`() throws {
    let live: JSONValue = [["port": 82], ["port": 81]]
    #expect(try self.ports(live, patched: ["ports": [["port": 81, "$patch": "delete"]]]) == [["port": 82]])
    #expect(try self.ports(live, patched: ["ports": [["$patch": "replace"], ["port": 90]]]) == [["port": 90]])
  }

  @Test func `the writer's order holds and unknown elements keep their place`() throws {
    #expect(
      try self.ports(
        [["port": 90]],
        patched: [
          "$setElementOrder/ports": [["port": 91], ["port": 90]],
          "ports": [["port": 91, "name": "n91"], ["port": 90, "name": "n90"]],
        ]) == [["port": 91, "name": "n91"], ["port": 90, "name": "n90"]])
    #expect(
      try self.ports(
        [["port": 1], ["port": 2], ["port": 3]],
        patched: ["$setElementOrder/ports": [["port": 3], ["port": 1]], "ports": [["port": 3, "name": "x"]]])
        == [["port": 2], ["port": 3, "name": "x"], ["port": 1]])
    #expect(
      try self.ports([["port": 1], ["port": 2]], patched: ["$setElementOrder/ports": [["port": 2], ["port": 1]]])
        == [["port": 2], ["port": 1]])
  }

  @Test func `finalizers merge as a set and leave by value`() throws {
    let live: JSONValue = ["metadata": ["finalizers": ["a.b/c"]]]
    #expect(
      try StrategicMergePatch.apply(["metadata": ["finalizers": ["d.e/f"]]], to: live, type: self.service)
        == ["metadata": ["finalizers": ["d.e/f", "a.b/c"]]])
    #expect(
      try StrategicMergePatch.apply(
        ["metadata": ["$deleteFromPrimitiveList/finalizers": ["a.b/c", "d.e/f"]]], to: live, type: self.service)
        == ["metadata": ["finalizers": []]])
  }

  @Test func `an object is replaced on request, and null removes a member`() throws {
    let live: JSONValue = ["spec": ["selector": ["app": "x"], "sessionAffinity": "None"]]
    #expect(
      try StrategicMergePatch.apply(
        ["spec": ["selector": ["$patch": "replace", "only": "me"], "sessionAffinity": nil]], to: live,
        type: self.service) == ["spec": ["selector": ["only": "me"]]])
  }

  @Test func `the strategy of a Deployment drops what the patch does not retain`() throws {
    let live: JSONValue = ["spec": ["strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1]]]]
    #expect(
      try StrategicMergePatch.apply(
        ["spec": ["strategy": ["$retainKeys": ["type"], "type": "Recreate"]]], to: live, type: self.deployment)
        == ["spec": ["strategy": ["type": "Recreate"]]])
  }

  @Test func `containers merge by name, their arguments are replaced, tolerations too`() throws {
    let live: JSONValue = [
      "spec": [
        "template": [
          "spec": [
            "containers": [
              [
                "name": "web", "image": "nginx:1.25", "args": ["-a"], "env": [["name": "A", "value": "1"]],
                "ports": [["containerPort": 80, "protocol": "TCP"]],
              ]
            ],
            "tolerations": [["key": "a"]],
          ]
        ]
      ]
    ]
    let patch: JSONValue = [
      "spec": [
        "template": [
          "spec": [
            "containers": [
              [
                "name": "web", "image": "nginx:1.26", "args": ["-b"], "env": [["name": "B", "value": "2"]],
                "ports": [["containerPort": 80, "name": "http"]],
              ]
            ],
            "tolerations": [["key": "b"]],
          ]
        ]
      ]
    ]
    #expect(
      try StrategicMergePatch.apply(patch, to: live, type: self.deployment)[path: "spec", "template", "spec"] == [
        "containers": [
          [
            "name": "web", "image": "nginx:1.26", "args": ["-b"],
            "env": [["name": "B", "value": "2"], ["name": "A", "value": "1"]],
            "ports": [["containerPort": 80, "protocol": "TCP", "name": "http"]],
          ]
        ],
        "tolerations": [["key": "b"]],
      ])
  }

  @Test func `what has no place to merge into is stored without directives and nulls`() throws {
    #expect(
      try StrategicMergePatch.apply(
        ["spec": ["$setElementOrder/ports": [["port": 1]], "ports": [["port": 1, "name": nil]]], "x": nil], to: [:],
        type: self.service) == ["spec": ["ports": [["port": 1]]]])
  }

  @Test func `contradictions are named`() {
    #expect(throws: PatchError.invalidStrategicPatch("unknown patch type: nope in map: map[a:1]")) {
      try StrategicMergePatch.apply(["$patch": "nope", "a": 1], to: [:], type: self.service)
    }
    #expect(
      throws: PatchError.invalidStrategicPatch("map: map[name:x] does not contain declared merge key: port")
    ) { try self.ports([["port": 1]], patched: ["ports": [["name": "x"]]]) }
    #expect(
      throws: PatchError.malformed("json: cannot unmarshal array into Go value of type map[string]interface {}")
    ) { try StrategicMergePatch.apply([], to: [:], type: self.service) }
  }
}
