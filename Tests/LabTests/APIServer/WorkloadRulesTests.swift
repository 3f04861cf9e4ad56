import KubernetesModel
import Lab
import Testing

/// The facts are those of kube-apiserver 1.36.
@Suite struct WorkloadRulesTests {
  private let deployments = ResourceType(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")

  private func registry() async -> APIRegistry {
    let registry = APIRegistry(seed: 1)
    await registry.furnishCluster()
    return registry
  }

  private func deployment(selector: String = "d", label: String = "d") -> JSONValue {
    [
      "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "d"],
      "spec": [
        "selector": ["matchLabels": ["app": .string(selector)]],
        "template": [
          "metadata": ["labels": ["app": .string(label)]], "spec": ["containers": [["name": "c", "image": "x"]]],
        ],
      ],
    ]
  }

  @Test func `a Deployment is stored with all defaults`() async throws {
    let stored = try await registry().create(deployment(), as: deployments, namespace: "default")
    #expect(
      stored["spec"] == [
        "replicas": 1, "selector": ["matchLabels": ["app": "d"]],
        "template": [
          "metadata": ["labels": ["app": "d"]],
          "spec": [
            "containers": [
              [
                "name": "c", "image": "x", "resources": [:], "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File", "imagePullPolicy": "Always",
              ]
            ],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "securityContext": [:], "schedulerName": "default-scheduler",
          ],
        ],
        "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "25%", "maxSurge": "25%"]],
        "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
      ])
    #expect(stored["status"] == [:])
  }

  @Test func `a selector must match the template and never changes`() async throws {
    let registry = await registry()
    await #expect(throws: APIFailure.self) {
      try await registry.create(deployment(selector: "z"), as: deployments, namespace: "default")
    }
    _ = try await registry.create(deployment(), as: deployments, namespace: "default")
    do throws(APIFailure) {
      _ = try await registry.update(
        deployment(selector: "e", label: "e"), as: deployments, namespace: "default", name: "d")
      Issue.record("the selector has changed")
    } catch {
      #expect(
        error.message == "Deployment.apps \"d\" is invalid: spec.selector: Invalid value: "
          + "{\"matchLabels\":{\"app\":\"e\"}}: field is immutable")
    }
  }

  @Test(arguments: [
    ("x", "Always"), ("x:latest", "Always"), ("host:5000/x", "Always"), ("x:1.2", "IfNotPresent"),
    ("x@sha256:0", "IfNotPresent"),
  ])
  func `the pull policy follows the tag of the image`(image: String, policy: String) async throws {
    let stored = try await registry().create(
      [
        "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
        "spec": ["containers": [["name": "c", "image": .string(image)]]],
      ], as: BuiltInResources.pods, namespace: "default")
    #expect(stored[path: "spec", "containers"]?.array?.first?["imagePullPolicy"] == .string(policy))
    #expect(stored[path: "status", "phase"] == "Pending")
  }

  @Test func `a pod on the host's network takes the host's ports`() async throws {
    let stored = try await registry().create(
      [
        "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
        "spec": [
          "hostNetwork": true, "containers": [["name": "c", "image": "x:1", "ports": [["containerPort": 9120]]]],
        ],
      ], as: BuiltInResources.pods, namespace: "default")
    #expect(
      stored[path: "spec", "containers"]?.array?.first?["ports"]
        == [["containerPort": 9120, "hostPort": 9120, "protocol": "TCP"]])
  }
}
