import ArgumentParser
import Glibc
import Lab
import Logging
import Runner

/// `metallb lab demo`: shows the main job from beginning to end, on the local network or by BGP, and removes everything.
struct LabDemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows a Service getting its address, answering, and surviving the death of a node.")

  @Flag(help: "Announce to two routers (FRR) by BGP instead; a router, a node and a speaker fail under load.")
  var bgp = false

  func run() async throws {
    try LabLauncher.checkMachine(withRouters: self.bgp)
    guard geteuid() == 0 else { return try LabLauncher.becomePrivileged() }
    let screen = DemoScreen()
    screen.title("metallb: a load balancer for clusters without a cloud")
    screen.begin("building a cluster on this machine")
    try await LabLauncher.sweepDeadLabs(except: "")
    let name = "demo-\(getpid())"
    let directory = LabDirectory(lab: name)
    try await directory.create()
    guard directory.takeLock() else { throw LabRefusal("the demo's directory \(directory.path) cannot be used") }
    LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
    let binary = LabLauncher.binary
    let cluster = try LabCluster(
      LabCluster.Settings(name: name, nodes: 3, rackRouters: self.bgp ? BGPDemo.routerCount : 0), binary: binary,
      logger: Logger(label: "lab"))
    let started = Time.now
    let isShown = try await LabLauncher.untilSignalled {
      try await withThrowingTaskGroup(of: Bool.self) { group in
        let (ready, signal) = AsyncStream.makeStream(of: Void.self)
        group.addTask {
          try await cluster.run { signal.finish() }
          return false
        }
        group.addTask {
          for await _ in ready {}
          do {
            let stage = try DemoStage(cluster: cluster, screen: screen, binary: binary)
            if self.bgp { try await BGPDemo(stage).run() } else { try await Layer2Demo(stage).run() }
            return true
          } catch {
            return false
          }
        }
        let isShown = try await group.next() ?? false
        group.cancelAll()
        while (try await group.next()) != nil {}
        return isShown
      }
    }
    if isShown == true {
      screen.done("everything is removed again")
      screen.end("That was \(DemoScreen.seconds(Time.now - started)).")
    } else {
      throw ExitCode.failure
    }
  }
}
