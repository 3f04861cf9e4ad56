import KubernetesModel
import TestKit
import Testing

@testable import Balancer

@Suite struct NewcomerTableTests {
  private let web = ObjectKey(namespace: "default", name: "web")
  private var table = NewcomerTable(settleTime: .seconds(2))

  @Test mutating func `a node is new until it has settled, beside those that have been there`() {
    self.table.note(self.web, from: ["w2"], to: ["w1", "w2"], at: t0)
    #expect(self.table.nodes(of: self.web) == ["w1"])
    #expect(self.table.nextDeadline == t0 + .seconds(2))
    #expect(self.table.settle(at: t0 + .milliseconds(1999)) == [])
    #expect(self.table.settle(at: t0 + .seconds(2)) == [self.web])
    #expect(self.table.nodes(of: self.web) == [])
    #expect(self.table == NewcomerTable(settleTime: .seconds(2)))
  }

  @Test mutating func `each node has its own time`() {
    self.table.note(self.web, from: ["w2"], to: ["w1", "w2"], at: t0)
    self.table.note(self.web, from: ["w1", "w2"], to: ["w1", "w2", "w3"], at: t0 + .seconds(1))
    #expect(self.table.nodes(of: self.web) == ["w1", "w3"])
    #expect(self.table.settle(at: t0 + .seconds(2)) == [self.web])
    #expect(self.table.nodes(of: self.web) == ["w3"])
    #expect(self.table.settle(at: t0 + .seconds(3)) == [self.web])
  }

  @Test mutating func `nobody is new where nobody has been there`() {
    self.table.note(self.web, from: [], to: ["w1", "w2"], at: t0)
    #expect(self.table.nodes(of: self.web) == [])
  }

  @Test mutating func `nobody is new any more when those go that have been there`() {
    self.table.note(self.web, from: ["w2"], to: ["w1", "w2"], at: t0)
    self.table.note(self.web, from: ["w1", "w2"], to: ["w1"], at: t0)
    #expect(self.table.nodes(of: self.web) == [])
    #expect(self.table.settle(at: t0 + .seconds(2)) == [])
  }

  @Test mutating func `whoever goes and comes is new again`() {
    self.table.note(self.web, from: ["w2"], to: ["w1", "w2"], at: t0)
    self.table.note(self.web, from: ["w1", "w2"], to: ["w2"], at: t0 + .seconds(1))
    self.table.note(self.web, from: ["w2"], to: ["w1", "w2"], at: t0 + .milliseconds(1500))
    #expect(self.table.settle(at: t0 + .seconds(2)) == [])
    #expect(self.table.nodes(of: self.web) == ["w1"])
    #expect(self.table.settle(at: t0 + .milliseconds(3500)) == [self.web])
  }

  @Test mutating func `without a time nobody is new`() {
    self.table = NewcomerTable(settleTime: .zero)
    self.table.note(self.web, from: ["w2"], to: ["w1", "w2"], at: t0)
    #expect(self.table.nodes(of: self.web) == [] && self.table.nextDeadline == nil)
  }
}
