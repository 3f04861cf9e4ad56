import KubernetesModel
import Testing

@testable import Lab

struct RolloutTests {
  private func steps(_ deployment: LabObject, _ sets: [LabObject]) -> [String] {
    Fixture.summary(DeploymentReconciler.reconcile(deployment, replicaSets: sets, at: Fixture.now))
      .filter { !$0.hasPrefix("status") }
  }

  @Test func `a new deployment gets one replica set with all its replicas`() {
    #expect(self.steps(Fixture.deployment(replicas: 3), []) == ["create ReplicaSet replicas=3"])
  }

  @Test func `a new template starts with the surge that the budget allows`() {
    let deployment = Fixture.deployment(replicas: 4)
    let old = Fixture.replicaSet(of: deployment, hash: "old", replicas: 4, available: 4)
    #expect(
      self.steps(deployment, [old]) == ["create ReplicaSet replicas=1", "update Deployment web replicas=4"])
  }

  @Test func `the old set shrinks only as far as enough pods stay available`() {
    let deployment = Fixture.deployment(replicas: 4).settingRevision(2)
    let old = Fixture.replicaSet(of: deployment, hash: "old", replicas: 4, available: 4)
    let new = Fixture.replicaSet(of: deployment, revision: 2, replicas: 1, available: 0)
    #expect(self.steps(deployment, [old, new]) == ["update ReplicaSet web-old replicas=3"])
    let grown = Fixture.replicaSet(of: deployment, revision: 2, replicas: 1, available: 1)
    #expect(self.steps(deployment, [old, grown]) == ["update ReplicaSet web-old replicas=2"])
  }

  @Test func `unavailable pods of the old set go before available ones`() {
    let deployment = Fixture.deployment(replicas: 4).settingRevision(2)
    let broken = Fixture.replicaSet(of: deployment, hash: "broken", replicas: 2, available: 0)
    let old = Fixture.replicaSet(of: deployment, hash: "old", revision: 0, replicas: 3, available: 3)
    let new = Fixture.replicaSet(of: deployment, revision: 2, replicas: 0, available: 0)
    #expect(self.steps(deployment, [broken, old, new]) == ["update ReplicaSet web-broken replicas=0"])
  }

  @Test func `recreate takes everything down before anything comes up`() {
    let deployment = Fixture.deployment(replicas: 2, strategy: ["type": "Recreate"]).settingRevision(2)
    let old = Fixture.replicaSet(of: deployment, hash: "old", replicas: 2, available: 2)
    let new = Fixture.replicaSet(of: deployment, revision: 2, replicas: 0, available: 0)
    #expect(self.steps(deployment, [old, new]) == ["update ReplicaSet web-old replicas=0"])
    let gone = Fixture.replicaSet(of: deployment, hash: "old", replicas: 0, available: 0)
    #expect(
      self.steps(deployment, [gone, new]) == [
        "update ReplicaSet \(new.name) replicas=2"
      ])
  }

  @Test(
    arguments: [
      (nil, 4, 1, 1), (nil, 1, 1, 0), (["maxSurge": 0, "maxUnavailable": 0], 3, 0, 1),
      (["maxSurge": "50%", "maxUnavailable": "50%"], 3, 2, 1),
    ] as [(JSONValue?, Int, Int, Int)])
  func `surge rounds up, unavailability rounds down, and both cannot be nothing`(
    settings: JSONValue?, replicas: Int, surge: Int, unavailable: Int
  ) {
    let budget = RolloutBudget(strategy: settings.map { ["rollingUpdate": $0] }, replicas: replicas)
    #expect([budget.surge, budget.unavailable] == [surge, unavailable])
  }

  @Test func `a deployment is available when no more pods are missing than it tolerates`() {
    let deployment = Fixture.deployment(replicas: 4)
    func available(_ count: Int64) -> String? {
      let set = Fixture.replicaSet(of: deployment, replicas: 4, available: count)
      let status = DeploymentReconciler.status(of: deployment, current: set, old: [], at: Fixture.now)
      return deployment.with(status: status).condition("Available")?["reason"]?.string
    }
    #expect(available(3) == "MinimumReplicasAvailable")
    #expect(available(2) == "MinimumReplicasUnavailable")
  }

  @Test func `the status is quiet once it is true`() {
    let deployment = Fixture.deployment(replicas: 1)
    let set = Fixture.replicaSet(of: deployment, replicas: 1, available: 1)
    let status = DeploymentReconciler.status(of: deployment, current: set, old: [], at: Fixture.now)
    let settled = deployment.with(status: status)
    #expect(
      DeploymentReconciler.reconcile(settled, replicaSets: [set], at: Timestamp(seconds: Fixture.now.seconds + 60))
        == [])
  }

  @Test func `a replica set makes what is missing and gives up the cheapest first`() {
    let set = Fixture.replicaSet(of: Fixture.deployment(replicas: 2), hash: "x", replicas: 2, available: 0)
    func changes(_ pods: [LabObject]) -> [String] {
      Fixture.summary(ReplicaSetReconciler.reconcile(set, pods: pods, at: Fixture.now)).filter {
        !$0.hasPrefix("status")
      }
    }
    let old = Fixture.pod("a", owner: set.uid, created: "2026")
    let unready = Fixture.pod("b", ready: false, owner: set.uid, created: "2025")
    let young = Fixture.pod("c", owner: set.uid, created: "2027")
    let leaving = Fixture.pod("d", owner: set.uid, deleting: true)
    #expect(changes([old, leaving, Fixture.pod("foreign", owner: "other")]) == ["create Pod"])
    #expect(changes([old, unready, young]) == ["delete Pod b"])
    #expect(changes([old, young, Fixture.pod("e", owner: set.uid, created: "2028")]) == ["delete Pod e"])
  }
}
