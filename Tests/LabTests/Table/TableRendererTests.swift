import KubernetesModel
import Testing

@testable import Lab

@Suite struct TableRendererTests {
  private let now = Timestamp(seconds: 1_800_000_000)
  private func type(_ group: String, _ kind: String) -> ResourceType {
    ResourceType(group: group, version: "v1", plural: "", kind: kind)
  }

  private func cells(_ object: JSONValue, _ group: String, _ kind: String) -> JSONValue? {
    var object = object
    var metadata = object["metadata"] ?? ["name": "x"]
    metadata["creationTimestamp"] = .string(Timestamp(seconds: self.now.seconds - 9).text)
    object["metadata"] = metadata
    return TableRenderer(builtIn: self.type(group, kind)).table(of: object, at: self.now)["rows"]?.array?[0]["cells"]
  }

  @Test func `a Service that waits for its address is pending, then shows it`() {
    let service: JSONValue = [
      "metadata": ["name": "nginx"],
      "spec": [
        "type": "LoadBalancer", "clusterIP": "10.96.45.252", "clusterIPs": ["10.96.45.252"],
        "ports": [["port": 8080, "nodePort": 30904, "protocol": "TCP"], ["port": 53, "protocol": "UDP"]],
        "selector": ["app": "nginx", "a": "b"],
      ],
    ]
    #expect(
      self.cells(service, "", "Service") == [
        "nginx", "LoadBalancer", "10.96.45.252", "<pending>", "8080:30904/TCP,53/UDP", "9s", "a=b,app=nginx",
      ])
    var served = service
    served["status"] = ["loadBalancer": ["ingress": [["ip": "192.0.2.9"], ["ip": "192.0.2.1"]]]]
    #expect(self.cells(served, "", "Service")?.array?[3] == "192.0.2.1,192.0.2.9")
    served["spec"]?["externalIPs"] = ["198.51.100.1"]
    #expect(self.cells(served, "", "Service")?.array?[3] == "192.0.2.1,192.0.2.9,198.51.100.1")
  }

  @Test func `an empty object of a bookmark shows as the real server does`() {
    let table = TableRenderer(builtIn: self.type("", "Service"))
      .table(of: ["metadata": ["resourceVersion": "4564"]], includesColumns: false, at: self.now)
    #expect(
      table == [
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": ["resourceVersion": "4564"],
        "columnDefinitions": nil,
        "rows": [
          [
            "cells": ["", "", "<none>", "<unknown>", "<none>", "<unknown>", "<none>"],
            "object": [
              "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": ["resourceVersion": "4564"],
            ],
          ]
        ],
      ])
  }

  @Test func `a pod's status is that of its containers`() {
    var pod: JSONValue = [
      "metadata": ["name": "p"],
      "spec": ["containers": [["name": "a"], ["name": "b"]], "nodeName": "n1"],
      "status": [
        "phase": "Running", "podIP": "10.244.1.37",
        "containerStatuses": [
          ["ready": true, "restartCount": 0, "state": ["running": [:]]],
          [
            "ready": false, "restartCount": 3, "state": ["waiting": ["reason": "CrashLoopBackOff"]],
            "lastState": ["terminated": ["finishedAt": .string(Timestamp(seconds: self.now.seconds - 300).text)]],
          ],
        ],
      ],
    ]
    #expect(
      self.cells(pod, "", "Pod") == [
        "p", "1/2", "CrashLoopBackOff", "3 (5m ago)", "9s", "10.244.1.37", "n1", "<none>", "<none>",
      ])
    pod["metadata"] = ["name": "p", "deletionTimestamp": "2026-11-21T01:33:23Z"]
    #expect(self.cells(pod, "", "Pod")?.array?[2] == "Terminating")
  }

  @Test func `workloads show counts, containers, images and selectors`() {
    let spec: JSONValue = [
      "replicas": 2, "selector": ["matchLabels": ["app": "nginx"]],
      "template": ["spec": ["containers": [["name": "nginx", "image": "nginx:1.25"]]]],
    ]
    #expect(
      self.cells(
        ["spec": spec, "status": ["readyReplicas": 1, "updatedReplicas": 2]], "apps", "Deployment")
        == ["x", "1/2", 2, 0, "9s", "nginx", "nginx:1.25", "app=nginx"])
    #expect(
      self.cells(["spec": spec, "status": ["replicas": 2]], "apps", "ReplicaSet")
        == ["x", 2, 2, 0, "9s", "nginx", "nginx:1.25", "app=nginx"])
    #expect(
      self.cells(["spec": spec, "status": ["desiredNumberScheduled": 3, "numberReady": 1]], "apps", "DaemonSet")
        == ["x", 3, 0, 1, 0, 0, "<none>", "9s", "nginx", "nginx:1.25", "app=nginx"])
  }

  @Test func `nodes, endpoints, slices, events and bindings have their own columns`() {
    #expect(
      self.cells(
        [
          "metadata": ["name": "n1", "labels": ["node-role.kubernetes.io/worker": "", "kubernetes.io/role": "a"]],
          "spec": ["unschedulable": true],
          "status": [
            "conditions": [["type": "Ready", "status": "True"]],
            "addresses": [["type": "InternalIP", "address": "172.30.0.11"]],
            "nodeInfo": ["kubeletVersion": "v1.36.2", "kernelVersion": "6.1", "architecture": "amd64"],
          ],
        ], "", "Node") == [
          "n1", "Ready,SchedulingDisabled", "a,worker", "9s", "v1.36.2", "172.30.0.11", "<none>", "<unknown>",
          "6.1 (amd64)", "<unknown>",
        ])
    let addresses: JSONValue = [["ip": "10.244.1.37"], ["ip": "10.244.3.26"]]
    #expect(
      self.cells(["subsets": [["addresses": addresses, "ports": [["port": 9100], ["port": 80]]]]], "", "Endpoints")
        == ["x", "10.244.1.37:9100,10.244.3.26:9100,10.244.1.37:80 + 1 more...", "9s"])
    #expect(
      self.cells(
        ["addressType": "IPv4", "ports": [["port": 80]], "endpoints": [["addresses": ["10.0.0.1"]]]],
        "discovery.k8s.io", "EndpointSlice") == ["x", "IPv4", "80", "10.0.0.1", "9s"])
    #expect(self.cells(["addressType": "IPv4"], "discovery.k8s.io", "EndpointSlice")?.array?[2] == "<unset>")
    #expect(
      self.cells(
        [
          "metadata": ["name": "nginx.1234"], "type": "Normal", "reason": "IPAllocated",
          "involvedObject": ["kind": "Service", "name": "nginx"], "message": "Assigned IP [\"192.0.2.1\"]\n",
          "source": ["component": "metallb-controller"],
          "firstTimestamp": .string(Timestamp(seconds: self.now.seconds - 60).text),
          "lastTimestamp": .string(Timestamp(seconds: self.now.seconds - 3).text),
        ], "", "Event") == [
          "3s", "Normal", "IPAllocated", "service/nginx", "", "metallb-controller", "Assigned IP [\"192.0.2.1\"]",
          "60s", 1, "nginx.1234",
        ])
    #expect(
      self.cells(
        [
          "roleRef": ["kind": "Role", "name": "reader"],
          "subjects": [["kind": "ServiceAccount", "name": "app", "namespace": "demo"]],
        ], "rbac.authorization.k8s.io", "RoleBinding") == ["x", "Role/reader", "9s", "", "", "demo/app"])
    #expect(self.cells(["data": ["a": "b"], "binaryData": ["c": ""]], "", "ConfigMap") == ["x", 2, "9s"])
  }

  @Test func `a custom resource shows the columns of its CRD`() {
    let renderer = TableRenderer(additionalPrinterColumns: [
      ["name": "Auto Assign", "type": "boolean", "jsonPath": ".spec.autoAssign"],
      ["name": "Addresses", "type": "string", "jsonPath": ".spec.addresses"],
      ["name": "ASN", "type": "string", "jsonPath": ".spec.myASN"],
      ["name": "Ready", "type": "string", "jsonPath": #".status.conditions[?(@.type=="Ready")].status"#],
      ["name": "Seen", "type": "date", "jsonPath": ".spec.seen", "priority": 10],
      ["name": "Wrong", "type": "integer", "jsonPath": ".spec.addresses"],
    ])
    let table = renderer.table(
      of: [
        "metadata": ["name": "first"],
        "spec": [
          "autoAssign": true, "addresses": ["192.0.2.0/28", "a&b"], "myASN": 64501,
          "seen": .string(Timestamp(seconds: self.now.seconds - 7200).text),
        ],
        "status": ["conditions": [["type": "Other", "status": "False"], ["type": "Ready", "status": "True"]]],
      ], include: .none, at: self.now)
    #expect(
      table["rows"] == [
        [
          "cells": ["first", true, "[\"192.0.2.0/28\",\"a\\u0026b\"]", "64501", "True", "120m", nil], "object": nil,
        ]
      ])
    #expect(
      table["columnDefinitions"]?.array?[2] == [
        "name": "Addresses", "type": "string", "format": "", "priority": 0,
        "description": "Custom resource definition column (in JSONPath format): .spec.addresses",
      ])
    #expect(table["columnDefinitions"]?.array?[5]["priority"] == 10)
    #expect(TableRenderer(additionalPrinterColumns: []).columns.map(\.name) == ["Name", "Age"])
  }

  @Test(arguments: [
    (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (599, "9m59s"), (600, "10m"),
    (10_799, "179m"), (10_800, "3h"), (11_000, "3h3m"), (28_800, "8h"), (172_799, "47h"), (172_800, "2d"),
    (176_400, "2d1h"), (691_200, "8d"), (63_072_000, "2y"), (63_158_400, "2y1d"), (252_288_000, "8y"),
  ])
  func `ages get coarser as they grow`(seconds: Int64, text: String) {
    #expect(HumanDuration(seconds: seconds).description == text)
  }

  @Test func `what a row carries is a parameter with three values`() {
    #expect(TableRenderer.IncludedObject(parameter: nil) == .metadata)
    #expect(TableRenderer.IncludedObject(parameter: "Object") == .object)
    #expect(TableRenderer.IncludedObject(parameter: "Nope") == nil)
    let object: JSONValue = ["metadata": ["name": "a"], "data": ["b": "c"]]
    let renderer = TableRenderer(builtIn: self.type("", "ConfigMap"))
    #expect(renderer.table(of: object, include: .object, at: self.now)["rows"]?.array?[0]["object"] == object)
  }
}
