import KubernetesModel
import TestKit
import Testing

@testable import Balancer

@Suite struct DecisionJournalTests {
  private func journal(of names: some Sequence<Int>) -> DecisionJournal {
    var journal = DecisionJournal(of: "controller")
    for number in names {
      journal.note(
        DecisionCause("Service", ObjectKey(namespace: "shop", name: "s\(number)"), "changed"), ["writes"],
        { Decision($0, ObjectKey(namespace: "shop", name: "s\(number)")) }, at: t0 + .seconds(number))
    }
    return journal
  }

  @Test func `it remembers the last events in their order, however many there were`() {
    #expect(self.journal(of: 1...3).entries.map(\.number) == [1, 2, 3])
    let full = self.journal(of: 1...(DecisionJournal.capacity + 5)).entries
    #expect(full.count == DecisionJournal.capacity)
    #expect(full.map(\.number) == Array(6...UInt64(DecisionJournal.capacity + 5)))
    #expect(full.first?.at == t0 + .seconds(6))
  }

  @Test func `an event that leads to nothing is not written down, and costs nothing`() {
    var journal = DecisionJournal(of: "controller")
    var isAsked = false
    func cause() -> DecisionCause {
      isAsked = true
      return .time
    }
    journal.note(cause(), [String](), { Decision($0) }, at: t0)
    #expect(journal.entries.isEmpty && !isAsked)
  }

  @Test func `of an event with very many decisions the first are kept, and the number of the others`() {
    var journal = DecisionJournal(of: "controller")
    journal.note(.time, Array(0..<100_000), { _ in Decision("writes") }, at: t0)
    #expect(journal.entries.first?.decisions.count == DecisionJournal.breadth)
    #expect(journal.entries.first?.omitted == 100_000 - DecisionJournal.breadth)
  }

  @Test func `a controller tells why it gave an address, to those who ask about the Service`() {
    var state = ControllerState(settings: ControllerState.Settings(seed: 1))
    func service(_ name: String) -> Service {
      Service(
        metadata: ObjectMeta(name: name, namespace: "shop", uid: name, resourceVersion: "2"),
        spec: ServiceSpec(type: "LoadBalancer", ports: [ServicePort(port: 80)], clusterIP: "10.0.0.1"))
    }
    let pool = IPAddressPool(
      metadata: ObjectMeta(name: "p", namespace: "m", uid: "u", resourceVersion: "1"),
      spec: IPAddressPool.Spec(addresses: ["192.0.2.0/30"]))
    for event: ControllerState.Event in [
      .pools(.applied(pool)), .pools(.synced), .namespaces(.synced), .services(.synced),
    ] { _ = state.handle(event, at: t0) }
    for (second, name) in [(1, "web"), (2, "mail")] {
      _ = state.handle(.services(.applied(ServiceView(service(name)))), at: t0 + .seconds(second))
    }
    let web = ObjectKey(namespace: "shop", name: "web")
    let history = DecisionHistory(state.journal, about: web, at: t0 + .seconds(11))
    #expect(history.process == "controller")
    #expect(history.entries.map(\.cause) == ["Service shop/web changed"])
    #expect(history.entries.first?.secondsAgo == 10)
    #expect(
      history.entries.first?.decisions == [
        #"told IPAllocated on shop/web: Assigned IP ["192.0.2.0"]"#, "writes the addresses of shop/web 192.0.2.0",
      ])
    #expect(DecisionHistory(state.journal, at: t0).entries.count > 1)
    #expect(
      DecisionHistory.lines([history], width: 120) == [
        "AGO  WHO         WHY                       WHAT",
        #"10s  controller  Service shop/web changed  told IPAllocated on shop/web: Assigned IP ["192.0.2.0"]"#,
        "                                           writes the addresses of shop/web 192.0.2.0",
      ])
  }

  @Test func `a password is nowhere in what a speaker remembers`() {
    let secret = PasswordSecret(key: ObjectKey(namespace: "m", name: "s"), password: Array("hunter2".utf8))
    let cause = SpeakerState.Event.secrets(.applied(secret)).cause
    #expect(cause.description == "Secret m/s changed")
    #expect(!"\(cause)".contains("hunter2"))
  }
}
