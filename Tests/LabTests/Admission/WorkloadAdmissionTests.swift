import KubernetesModel
import Testing

@testable import Lab

/// The facts are those of kube-apiserver 1.36.
@Suite struct WorkloadAdmissionTests {
  private let deployments = ResourceType(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")
  private let pods = ResourceType(group: "", version: "v1", plural: "pods", kind: "Pod")

  private func deployment(selector: String = "d", label: String = "d") -> JSONValue {
    [
      "metadata": ["name": "d"],
      "spec": [
        "selector": ["matchLabels": ["app": .string(selector)]],
        "template": [
          "metadata": ["labels": ["app": .string(label)]], "spec": ["containers": [["name": "c", "image": "x"]]],
        ],
      ],
    ]
  }

  @Test func `a Deployment is stored with all defaults`() throws {
    let stored = try WorkloadAdmission.prepareCreate(deployment(), as: deployments)
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

  @Test func `a selector that does not match the template is refused, and it never changes`() throws {
    #expect(
      throws: Rejection([
        .invalid(
          "spec.template.metadata.labels", ["app": "d"], "`selector` does not match template `labels`")
      ])
    ) { try WorkloadAdmission.prepareCreate(deployment(selector: "z"), as: deployments) }
    let stored = try WorkloadAdmission.prepareCreate(deployment(), as: deployments)
    #expect(
      throws: Rejection([.invalid("spec.selector", ["matchLabels": ["app": "e"]], "field is immutable")])
    ) {
      try WorkloadAdmission.prepareUpdate(deployment(selector: "e", label: "e"), replacing: stored, as: deployments)
    }
  }

  @Test(arguments: [
    ("x", "Always"), ("x:latest", "Always"), ("host:5000/x", "Always"), ("x:1.2", "IfNotPresent"),
    ("x@sha256:0", "IfNotPresent"),
  ])
  func `the pull policy follows the tag of the image`(image: String, policy: String) throws {
    let pod: JSONValue = ["metadata": ["name": "p"], "spec": ["containers": [["name": "c", "image": .string(image)]]]]
    let stored = try WorkloadAdmission.prepareCreate(pod, as: pods)
    #expect(stored[path: "spec", "containers"]?.array?.first?["imagePullPolicy"] == .string(policy))
    #expect(stored["status"] == ["phase": "Pending", "qosClass": "BestEffort"])
  }

  @Test func `a pod on the host's network takes the host's ports`() throws {
    let pod: JSONValue = [
      "spec": ["hostNetwork": true, "containers": [["name": "c", "image": "x:1", "ports": [["containerPort": 9120]]]]]
    ]
    let stored = try WorkloadAdmission.prepareCreate(pod, as: pods)
    #expect(
      stored[path: "spec", "containers"]?.array?.first?["ports"]
        == [["containerPort": 9120, "hostPort": 9120, "protocol": "TCP"]])
  }

  @Test func `containers need a name and an image`() {
    let pod: JSONValue = ["spec": ["containers": [["image": "x"], ["name": "c"]]]]
    #expect(
      throws: Rejection([.required("spec.containers[0].name"), .required("spec.containers[1].image")])
    ) { try WorkloadAdmission.prepareCreate(pod, as: pods) }
  }
}
