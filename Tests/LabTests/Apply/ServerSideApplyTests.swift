import KubernetesModel
import Testing

@testable import Lab

@Suite struct ServerSideApplyTests {
  private let now = Timestamp(seconds: 1_795_224_517)
  private let later = Timestamp(seconds: 1_795_224_600)
  private let service = Shape.named("core.v1.Service")

  private func configuration(
    labels: JSONValue? = nil, selector: String? = "x", ports: JSONValue? = nil
  ) -> JSONValue {
    var object: JSONValue = ["apiVersion": "v1", "kind": "Service", "metadata": ["name": "ap"]]
    object["metadata"]?["labels"] = labels
    if let selector {
      object["spec"] = [
        "type": "LoadBalancer", "selector": ["app": .string(selector)],
        "ports": ports ?? [["port": 80, "name": "http"]],
      ]
    }
    return object
  }

  /// What the server adds to a Service before it is stored.
  private func defaulted(_ object: JSONValue) -> JSONValue {
    var object = object
    object["spec"]?["clusterIP"] = "10.96.0.7"
    let ports = (object[path: "spec", "ports"]?.array ?? []).map { port in
      var port = port
      port["protocol"] = "TCP"
      port["nodePort"] = port["nodePort"] ?? 30_000
      return port
    }
    object["spec"]?["ports"] = .array(ports)
    return object
  }

  private func apply(
    _ configuration: JSONValue, to live: JSONValue?, as manager: String, force: Bool = false, at time: Timestamp? = nil
  ) throws -> JSONValue {
    self.defaulted(
      try ServerSideApply.apply(
        configuration, to: live, shape: self.service, manager: manager, force: force, at: time ?? self.now))
  }

  private func fields(_ object: JSONValue, of manager: String) -> JSONValue? {
    object[path: "metadata", "managedFields"]?.array?.first { $0["manager"]?.string == manager }?["fieldsV1"]
  }

  private let port: JSONValue = [".": [:], "f:name": [:], "f:port": [:]]

  @Test func `the first application owns what it says and nothing else`() throws {
    let object = try self.apply(self.configuration(labels: ["l": "1"]), to: nil, as: "m1")
    #expect(
      object[path: "metadata", "managedFields"] == [
        [
          "manager": "m1", "operation": "Apply", "apiVersion": "v1", "time": .string(self.now.text),
          "fieldsType": "FieldsV1",
          "fieldsV1": [
            "f:metadata": ["f:labels": ["f:l": [:]]],
            "f:spec": [
              "f:ports": [#"k:{"port":80,"protocol":"TCP"}"#: self.port], "f:selector": [:], "f:type": [:],
            ],
          ],
        ]
      ])
  }

  @Test func `the same again changes nothing, not even the time`() throws {
    let object = try self.apply(self.configuration(), to: nil, as: "m1")
    #expect(try self.apply(self.configuration(), to: object, as: "m1", at: self.later) == object)
  }

  @Test func `what is no longer applied goes, and what the server has added stays`() throws {
    let first = try self.apply(self.configuration(labels: ["l": "1"]), to: nil, as: "m1")
    let second = try self.apply(
      self.configuration(ports: [["port": 80, "name": "http"], ["port": 443, "name": "https"]]), to: first, as: "m1")
    #expect(second[path: "metadata", "labels"] == nil)
    #expect(second[path: "spec", "clusterIP"] == "10.96.0.7")
    #expect(second[path: "spec", "ports"]?.array?.count == 2)
    let third = try self.apply(self.configuration(), to: second, as: "m1")
    #expect(
      third[path: "spec", "ports"]
        == [["port": 80, "name": "http", "protocol": "TCP", "nodePort": 30_000]])
  }

  @Test func `another value for another's field is a conflict with the server's sentence`() throws {
    let live = try self.apply(self.configuration(), to: nil, as: "m1")
    let other = self.configuration(labels: ["l": "1"], selector: "y", ports: [["port": 80, "name": "web"]])
    let error = #expect(throws: ApplyError.self) { try self.apply(other, to: live, as: "m2") }
    let sentence =
      "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .spec.selector\n"
      + "- .spec.ports[port=80,protocol=\"TCP\"].name"
    #expect(
      error?.status
        == APIStatus(
          status: "Failure", message: sentence, reason: "Conflict", code: 409,
          details: APIStatus.Details(causes: [
            APIStatus.Cause(
              reason: "FieldManagerConflict", message: "conflict with \"m1\"", field: ".spec.selector"),
            APIStatus.Cause(
              reason: "FieldManagerConflict", message: "conflict with \"m1\"",
              field: ".spec.ports[port=80,protocol=\"TCP\"].name"),
          ])))
  }

  @Test func `force takes fields over, and who gives up leaves them to the others`() throws {
    let ports: JSONValue = [["port": 80, "name": "http"], ["port": 443, "name": "https"]]
    let live = try self.apply(self.configuration(ports: ports), to: nil, as: "m1")
    let other = self.configuration(labels: ["l": "1"], selector: "y", ports: [["port": 80, "name": "web"]])
    let forced = try self.apply(other, to: live, as: "m2", force: true)
    #expect(forced[path: "spec", "selector"] == ["app": "y"])
    #expect(
      self.fields(forced, of: "m1")?["f:spec"] == [
        "f:ports": [
          #"k:{"port":80,"protocol":"TCP"}"#: [".": [:], "f:port": [:]],
          #"k:{"port":443,"protocol":"TCP"}"#: self.port,
        ], "f:type": [:],
      ])
    let left = try self.apply(self.configuration(selector: nil), to: forced, as: "m1")
    #expect(
      left[path: "spec", "ports"] == [["name": "web", "port": 80, "protocol": "TCP", "nodePort": 30_000]])
    #expect(left[path: "spec", "selector"] == ["app": "y"])
    #expect(left[path: "spec", "clusterIP"] == "10.96.0.7")
    #expect(self.fields(left, of: "m2") == self.fields(forced, of: "m2"))
  }

  @Test func `the same value is shared`() throws {
    let live = try self.apply(self.configuration(), to: nil, as: "m1")
    let both = try self.apply(self.configuration(), to: live, as: "m2")
    #expect(self.fields(both, of: "m1") == self.fields(both, of: "m2"))
  }

  @Test func `an update owns what it changes, and a conflict with it names the version`() throws {
    let schema = try StructuralSchema(openAPIV3Schema: [
      "type": "object",
      "properties": [
        "spec": [
          "type": "object",
          "properties": [
            "addresses": ["type": "array", "items": ["type": "string"]], "autoAssign": ["type": "boolean"],
          ],
        ]
      ],
    ])
    let shape = schema.resourceShape
    var pool: JSONValue = [
      "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": ["name": "pp"],
      "spec": ["addresses": ["192.0.2.0/28"], "autoAssign": true],
    ]
    let live = ServerSideApply.update(pool, replacing: nil, shape: shape, manager: "raw-client", at: self.now)
    #expect(
      self.fields(live, of: "raw-client") == ["f:spec": [".": [:], "f:addresses": [:], "f:autoAssign": [:]]])
    pool["spec"] = ["addresses": ["192.0.2.64/28"]]
    let error = #expect(throws: ApplyError.self) {
      try ServerSideApply.apply(pool, to: live, shape: shape, manager: "m1", at: self.now)
    }
    #expect(
      error?.description
        == "Apply failed with 1 conflict: conflict with \"raw-client\" using metallb.io/v1beta1: .spec.addresses")
    let forced = try ServerSideApply.apply(pool, to: live, shape: shape, manager: "m1", force: true, at: self.now)
    #expect(self.fields(forced, of: "m1") == ["f:spec": ["f:addresses": [:]]])
    #expect(self.fields(forced, of: "raw-client") == ["f:spec": [".": [:], "f:autoAssign": [:]]])
  }

  @Test func `an update of the status is booked apart`() throws {
    let live = try self.apply(self.configuration(), to: nil, as: "m1")
    var new = live
    new["status"] = ["loadBalancer": ["ingress": [["ip": "192.0.2.1"]]]]
    let booked = ServerSideApply.update(
      new, replacing: live, shape: self.service, manager: "controller", subresource: "status", at: self.later)
    let entry = booked[path: "metadata", "managedFields"]?.array?.last
    #expect(entry?["subresource"] == "status")
    #expect(entry?["operation"] == "Update")
    #expect(entry?["time"] == .string(self.later.text))
    #expect(entry?[path: "fieldsV1", "f:status", "f:loadBalancer", "f:ingress"] == [:])
    #expect(self.fields(booked, of: "m1") == self.fields(live, of: "m1"))
  }

  @Test func `a client may edit the books, an empty list keeps them`() throws {
    let live = try self.apply(self.configuration(), to: nil, as: "m1")
    var edited = live
    edited["metadata"]?["managedFields"] = [
      ["manager": "k", "operation": "Apply", "apiVersion": "v1", "fieldsV1": ["f:spec": ["f:type": [:]]]]
    ]
    let booked = ServerSideApply.update(edited, replacing: live, shape: self.service, manager: "x", at: self.now)
    #expect(self.fields(booked, of: "k") == ["f:spec": ["f:type": [:]]])
    #expect(self.fields(booked, of: "m1") == nil)
    edited["metadata"]?["managedFields"] = []
    #expect(ServerSideApply.update(edited, replacing: live, shape: self.service, manager: "x", at: self.now) == live)
  }

  @Test func `kubectl takes over what it has applied from the client's side`() throws {
    var applied = self.configuration()
    applied["metadata"]?["annotations"] = [
      "kubectl.kubernetes.io/last-applied-configuration": .string(self.configuration().compactText)
    ]
    let live = ServerSideApply.update(
      self.defaulted(applied), replacing: nil, shape: self.service, manager: "kubectl-client-side-apply",
      at: self.now)
    let changed = self.configuration(selector: "y")
    #expect(throws: ApplyError.self) { try self.apply(changed, to: live, as: "other") }
    let taken = try self.apply(changed, to: live, as: "kubectl")
    #expect(taken[path: "spec", "selector"] == ["app": "y"])
    #expect(
      taken[path: "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"]
        == .string(changed.compactText + "\n"))
  }

  @Test func `an object that nobody keeps books of belongs to a manager of its own`() throws {
    let live = self.defaulted(self.configuration())
    let error = #expect(throws: ApplyError.self) {
      try self.apply(self.configuration(selector: "y"), to: live, as: "m1")
    }
    #expect(
      error?.description
        == "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .spec.selector")
  }

  @Test func `what does not fit the schema is refused with its place`() {
    var unknown = self.configuration()
    unknown["spec"]?["nope"] = 1
    #expect(
      throws: ApplyError.misfit(
        "failed to create typed patch object (/ap; /v1, Kind=Service): .spec.nope: field not declared in schema")
    ) { try self.apply(unknown, to: nil, as: "m1") }
    let twice = self.configuration(ports: [["port": 80], ["port": 80, "protocol": "TCP"]])
    #expect(
      throws: ApplyError.misfit(
        "failed to create typed patch object (/ap; /v1, Kind=Service): "
          + ".spec.ports: duplicate entries for key [port=80,protocol=\"TCP\"]")
    ) { try self.apply(twice, to: nil, as: "m1") }
    var managed = self.configuration()
    managed["metadata"]?["managedFields"] = [["manager": "x"]]
    #expect(throws: ApplyError.managedFieldsNotNil) { try self.apply(managed, to: nil, as: "m1") }
    #expect(ApplyError.managedFieldsNotNil.status.code == 400)
  }
}
