import KubernetesModel
import Testing

@testable import Lab

@Suite struct StructuralSchemaTests {
  private let pool: JSONValue = [
    "type": "object", "required": ["spec"],
    "properties": [
      "apiVersion": ["type": "string"], "kind": ["type": "string"], "metadata": ["type": "object"],
      "spec": [
        "type": "object", "required": ["addresses"],
        "properties": [
          "addresses": ["type": "array", "items": ["type": "string"]],
          "autoAssign": ["type": "boolean", "default": true],
          "serviceAllocation": [
            "type": "object",
            "properties": [
              "priority": ["type": "integer"], "namespaces": ["type": "array", "items": ["type": "string"]],
            ],
          ],
        ],
      ],
      "status": ["type": "object", "properties": ["assignedIPv4": ["type": "integer"]]],
    ],
  ]

  private func errors(_ schema: JSONValue, _ value: JSONValue, old: JSONValue? = nil) throws -> [String] {
    try StructuralSchema(openAPIV3Schema: schema).validate(value, old: old).map(\.description)
  }

  @Test func `a field that is needed and values of a wrong type are named one by one`() throws {
    #expect(try self.errors(self.pool, [:]) == ["spec: Required value"])
    #expect(try self.errors(self.pool, ["spec": [:]]) == ["spec.addresses: Required value"])
    #expect(
      try self.errors(self.pool, ["spec": ["addresses": "x", "autoAssign": "yes"]]) == [
        #"spec.addresses: Invalid value: "string": spec.addresses in body must be of type array: "string""#,
        #"spec.autoAssign: Invalid value: "string": spec.autoAssign in body must be of type boolean: "string""#,
      ])
    #expect(
      try self.errors(self.pool, ["spec": ["addresses": [1, nil]]]) == [
        #"spec.addresses[0]: Invalid value: "integer": spec.addresses[0] in body must be of type string: "integer""#,
        #"spec.addresses[1]: Invalid value: "null": spec.addresses[1] in body must be of type string: "null""#,
      ])
    #expect(try self.errors(self.pool, ["metadata": ["name": 1], "spec": ["addresses": ["192.0.2.0/28"]]]) == [])
  }

  @Test func `a status alone is checked under its own names`() throws {
    let status = try #require(try StructuralSchema(openAPIV3Schema: self.pool).properties["status"])
    #expect(
      status.validate(["assignedIPv4": "x"], at: "status") == [
        FieldError(
          kind: .typeInvalid, field: "status.assignedIPv4",
          message: #"Invalid value: "string": assignedIPv4 in body must be of type integer: "string""#)
      ])
  }

  @Test func `the answer lists each error with its cause`() {
    let errors = [FieldError.required("spec.addresses"), .invalid("spec.n", -1, "too small")]
    #expect(
      FieldError.status(errors, kind: "IPAddressPool", group: "metallb.io", name: "bad2")
        == APIStatus(
          status: "Failure",
          message: "IPAddressPool.metallb.io \"bad2\" is invalid: "
            + "[spec.addresses: Required value, spec.n: Invalid value: -1: too small]",
          reason: "Invalid", code: 422,
          details: APIStatus.Details(
            name: "bad2", group: "metallb.io", kind: "IPAddressPool",
            causes: [
              APIStatus.Cause(reason: "FieldValueRequired", message: "Required value", field: "spec.addresses"),
              APIStatus.Cause(reason: "FieldValueInvalid", message: "Invalid value: -1: too small", field: "spec.n"),
            ])))
    #expect(
      FieldError.status([errors[0]], kind: "ConfigMap", group: "", name: "x").message
        == "ConfigMap \"x\" is invalid: spec.addresses: Required value")
  }

  @Test func `unknown fields are dropped and named, and the strict refusal is the server's`() throws {
    let schema = try StructuralSchema(openAPIV3Schema: self.pool)
    let (object, unknown) = schema.pruned([
      "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": ["name": "a", "nope": 1],
      "spec": ["addresses": [], "adresses": 1, "serviceAllocation": ["x": [:]]],
    ])
    #expect(
      object == [
        "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": ["name": "a"],
        "spec": ["addresses": [], "serviceAllocation": [:]],
      ])
    #expect(unknown == ["metadata.nope", "spec.adresses", "spec.serviceAllocation.x"])
    let type = ResourceType(
      group: "metallb.io", version: "v1beta1", plural: "ipaddresspools", kind: "IPAddressPool")
    #expect(
      FieldValidation.refusal(unknown: ["spec.adresses"], type: type)
        == APIStatus(
          status: "Failure",
          message: "IPAddressPool in version \"v1beta1\" cannot be handled as a IPAddressPool: "
            + "strict decoding error: unknown field \"spec.adresses\"", reason: "BadRequest", code: 400))
    #expect(FieldValidation(parameter: nil) == .warn)
    #expect(FieldValidation(parameter: "Nope") == nil)
    #expect(
      FieldValidation.patchRefusal(FieldValidation.strictError(unknown: ["spec.nope"]), result: ["a": 1]).message
        == #" "" is invalid: patch: Invalid value: "{\"a\":1}": strict decoding error: unknown field "spec.nope""#)
  }

  @Test func `defaults are filled in where the parent exists, and in place of null`() throws {
    let schema = try StructuralSchema(openAPIV3Schema: self.pool)
    #expect(schema.defaulted(["spec": [:]]) == ["spec": ["autoAssign": true]])
    #expect(schema.defaulted([:]) == [:])
    #expect(
      schema.defaulted(["spec": ["autoAssign": nil, "serviceAllocation": nil]]) == ["spec": ["autoAssign": true]])
    #expect(schema.defaulted(["spec": ["autoAssign": false]]) == ["spec": ["autoAssign": false]])
  }

  @Test func `bounds, patterns, lengths, formats and enumerations have the server's sentences`() throws {
    func one(_ schema: JSONValue, _ value: JSONValue) throws -> [String] {
      try self.errors(["type": "object", "properties": ["f": schema]], ["f": value])
    }
    #expect(
      try one(["type": "integer", "minimum": 0], -1)
        == ["f: Invalid value: -1: f in body should be greater than or equal to 0"])
    #expect(
      try one(["type": "integer", "maximum": 4_294_967_295], 4_294_967_296)
        == ["f: Invalid value: 4294967296: f in body should be less than or equal to 4294967295"])
    #expect(
      try one(["type": "string", "pattern": "^a+$"], "b") == ["f: Invalid value: \"b\": f in body should match '^a+$'"])
    #expect(try one(["type": "string", "maxLength": 2], "abc") == ["f: Too long: may not be more than 2 bytes"])
    #expect(
      try one(["type": "array", "maxItems": 1, "items": ["type": "string"]], ["a", "b"])
        == ["f: Too many: 2: must have at most 1 items"])
    #expect(
      try one(["type": "string", "format": "date-time"], "x")
        == [#"f: Invalid value: "x": f in body must be of type date-time: "x""#])
    #expect(
      try one(["type": "string", "enum": ["internal", "external"]], "nope")
        == [#"f: Unsupported value: "nope": supported values: "internal", "external""#])
    #expect(try one(["x-kubernetes-int-or-string": true], "80") == [])
    #expect(try one(["x-kubernetes-int-or-string": true], true).count == 1)
    #expect(
      try one(["type": "array", "x-kubernetes-list-type": "set", "items": ["type": "string"]], ["a", "a"])
        == ["f[1]: Duplicate value: \"a\""])
    #expect(
      try one(["oneOf": [["type": "string"], ["type": "integer"]]], true)
        == ["f: Invalid value: \"\": \"f\" must validate one and only one schema (oneOf). Found none valid"])
  }

  private let peer: JSONValue = [
    "type": "object",
    "properties": [
      "spec": [
        "type": "object",
        "properties": [
          "connectTime": [
            "type": "string",
            "x-kubernetes-validations": [
              [
                "rule": "duration(self).getMilliseconds() % 1000 == 0",
                "message": "connect time should contain a whole number of seconds",
              ]
            ],
          ],
          "dynamicASN": ["type": "string", "enum": ["internal"]],
          "graceful": [
            "type": "boolean",
            "x-kubernetes-validations": [["rule": "self == oldSelf", "message": "cannot be changed"]],
          ],
        ],
      ]
    ],
  ]

  @Test func `rules are checked, with the message of the CRD`() throws {
    #expect(
      try self.errors(self.peer, ["spec": ["connectTime": "1500ms"]])
        == ["spec.connectTime: Invalid value: \"1500ms\": connect time should contain a whole number of seconds"])
    #expect(try self.errors(self.peer, ["spec": ["connectTime": "2s"]]) == [])
  }

  @Test func `a rule on an object leaves the object out of the sentence, and may point below it`() throws {
    let schema: JSONValue = [
      "type": "object",
      "properties": [
        "spec": [
          "type": "object", "properties": ["a": ["type": "integer"]],
          "x-kubernetes-validations": [
            ["rule": "!has(self.a) || self.a < 3", "message": "too much", "fieldPath": ".a"],
            ["rule": "has(self.a)", "messageExpression": "'no ' + string(size(self))", "reason": "FieldValueRequired"],
            ["rule": "self.b == 1"],
          ],
        ]
      ],
    ]
    #expect(
      try self.errors(schema, ["spec": ["a": 3]]) == [
        "spec.a: Invalid value: too much", "spec: Invalid value: rule evaluation error: no such key: b",
      ])
    #expect(try self.errors(schema, ["spec": [:]]).first == "spec: Required value: no 0")
  }

  @Test func `a rule about a transition needs an old value`() throws {
    let new: JSONValue = ["spec": ["graceful": true]]
    #expect(try self.errors(self.peer, new) == [])
    #expect(try self.errors(self.peer, new, old: ["spec": [:]]) == [])
    #expect(try self.errors(self.peer, new, old: ["spec": ["graceful": true]]) == [])
    #expect(
      try self.errors(self.peer, new, old: ["spec": ["graceful": false]])
        == ["spec.graceful: Invalid value: true: cannot be changed"])
  }

  @Test func `rules are not checked on an object of the wrong form, and that is said`() throws {
    #expect(
      try self.errors(self.peer, ["spec": ["dynamicASN": "nope", "connectTime": "1500ms"]]) == [
        #"spec.dynamicASN: Unsupported value: "nope": supported values: "internal""#,
        "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
          + "correct the existing errors to complete validation",
      ])
  }

  @Test func `a schema with a rule or a pattern that cannot be read is refused with its place`() {
    #expect(
      throws: StructuralSchema.InvalidSchema(
        path: "openAPIV3Schema.properties[f].x-kubernetes-validations[0].rule",
        reason: "compilation failed: Syntax error: unexpected end at character 7")
    ) {
      try StructuralSchema(openAPIV3Schema: [
        "type": "object", "properties": ["f": ["type": "string", "x-kubernetes-validations": [["rule": "self =="]]]],
      ])
    }
    #expect(throws: StructuralSchema.InvalidSchema.self) {
      try StructuralSchema(openAPIV3Schema: ["type": "string", "pattern": "("])
    }
  }
}
