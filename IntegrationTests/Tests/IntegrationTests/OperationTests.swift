import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// What an operator has of a running process: health, its log, signals, and what it decided last.
  @Suite(.timeLimit(.minutes(2)))
  struct OperationTests {
    /// Has the API server answer every request only after a minute.
    private func silence(_ kubectl: Kubectl) async throws {
      let fault = try Workspace.current.file("fault.json", #"{"delay": 60000, "path": "/api"}"#)
      try await kubectl("create", "--raw", "/lab/faults", "-f", fault)
    }

    @Test func `an API server that never answers makes a process unready, and no reason to start it anew`() async throws
    {
      try await LabAPIServer.with { server in
        try await self.silence(Kubectl(.current, kubeconfig: server.kubeconfig))
        let port = try WebhookInstallation.freePort()
        try await Controller.with(kubeconfig: server.kubeconfig, ["--health-probe-port=\(port)"]) { controller in
          func health(_ path: String) async throws -> String {
            try await run(["curl", "--silent", "--max-time", "10", "http://127.0.0.1:\(port)\(path)"]).out
          }
          try await eventually("health is served", equals: "ok") { try await health("/healthz") }
          let ready = try await health("/readyz")
          #expect(ready.hasPrefix("not ready: the API server has not told everything about: "), "\(ready)")
          for list in ["namespaces", "pools", "services"] { #expect(ready.contains(list)) }
          // Longer than a loop may hang.
          try await stays("the process is alive", equals: "ok", during: .seconds(18)) { try await health("/healthz") }
        }
      }
    }

    @Test func `a port that somebody has ends the process, which says so`() async throws {
      let held =
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); time.sleep(60)"
      let holder = try ChildProcess(["/usr/bin/python3", "-c", held])
      let port = try await eventually("a port is held") {
        holder.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
      } isRight: {
        !$0.isEmpty
      }
      try await LabAPIServer.with { server in
        let output = try await run(
          [
            try Tool.metallb(), "controller", "--kubeconfig", server.kubeconfig, "--namespace=metallb-system",
            "--webhook-mode=disabled", "--health-probe-port=0", "--port=\(port)",
          ], within: .seconds(20))
        #expect(output.code == 1)
        #expect(
          "\(output.out)\(output.error)".contains("cannot serve on port \(port): address already in use"))
      }
      await holder.stop()
    }

    @Test func `a process that has seen everything is ready`() async throws {
      try await OperatedController.with { operated in
        try await eventually("it is ready", within: .seconds(15)) {
          try await operated.health("/readyz").text
        } isRight: {
          $0 == "ok"
        }
      }
    }

    @Test func `the log has lines of logfmt where they are asked for, and SIGHUP ends nothing`() async throws {
      try await OperatedController.with(["--log-format=logfmt"]) { operated in
        try await operated.kubectl.apply(Manifest.pool("pool", "192.0.2.0/30"), Manifest.service("web"))
        try await eventually("the service is served", equals: ["192.0.2.0"]) {
          try await operated.kubectl.addresses(of: "web")
        }
        operated.controller.process.signal(SIGHUP)
        try await eventually("the log answers") {
          operated.log
        } isRight: {
          $0.contains("SIGHUP changes nothing")
        }
        try await eventually("the log tells of the service") {
          operated.log
        } isRight: {
          $0.contains(#"msg="wrote the addresses of a service" ips=192.0.2.0 service=default/web"#)
        }
        let lines = operated.log.split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("ts=") && $0.contains(" level=") && $0.contains(" caller=") })
        #expect(operated.controller.process.isRunning)
      }
    }

    @Test func `SIGUSR1 has the last decisions written to the log, each with its cause`() async throws {
      try await OperatedController.with { operated in
        try await operated.kubectl.apply(Manifest.pool("pool", "192.0.2.0/30"), Manifest.service("web"))
        try await eventually("the service is served", equals: ["192.0.2.0"]) {
          try await operated.kubectl.addresses(of: "web")
        }
        #expect(!operated.log.contains("the last decisions follow"))
        operated.controller.process.signal(SIGUSR1)
        try await eventually("the log tells why") {
          operated.log
        } isRight: { log in
          log.split(separator: "\n").contains {
            // The cause is the Service or the pool, whichever came later.
            $0.contains(#""msg":"decided""#) && $0.contains(#" changed","decisions":"told IPAllocated on default/web"#)
              && $0.contains("writes the addresses of default/web 192.0.2.0")
          }
        }
        let decisions = try await operated.ask(
          port: operated.healthPort, "/debug/decisions?object=default/web", isSecure: false)
        #expect(decisions.code == 200 && decisions.text.contains(#""process":"controller""#), "\(decisions)")
        #expect(decisions.text.contains("told IPAllocated on default/web: Assigned IP"))
      }
    }
  }
}

extension Everything.Clusters {
  /// The same of a speaker and in a cluster.
  @Suite(.lab(nodes: 1), .timeLimit(.minutes(2)))
  struct ClusterOperationTests {
    let lab: Lab

    init() async throws {
      self.lab = try await Lab.fresh()
    }

    private func health(_ path: String) async throws -> String {
      try await self.lab.exec("node-1", "curl", "--silent", "--max-time", "10", "http://127.0.0.1:17472\(path)").out
    }

    @Test func `loops that hang make liveness fail by their names, until they go on`() async throws {
      #expect(try await self.health("/healthz") == "ok")
      #expect(try await self.health("/readyz") == "ok")
      let speaker = try await self.lab.speaker(on: "node-1")
      let program = Tool.repository.appendingPathComponent("IntegrationTests/Peers/stop-thread.py").path
      let tracers = try ["layer2", "bfd"].map { try ChildProcess(["python3", program, "\(speaker)", $0]) }
      for tracer in tracers {
        try await eventually("the thread is stopped") {
          tracer.standardOutput + tracer.standardError
        } isRight: {
          $0.contains("stopped")
        }
      }
      #expect(try await self.health("/healthz") == "ok", "a moment is nothing")
      try await eventually("liveness fails", within: .seconds(25)) {
        try await self.health("/healthz")
      } isRight: { answer in
        answer.hasPrefix("not alive: ")
          && ["layer 2", "BFD"].allSatisfy { answer.contains("the loop of \($0) has not turned for ") }
      }
      for tracer in tracers { _ = await tracer.stop() }
      try await eventually("it is alive again", equals: "ok", within: .seconds(10)) {
        try await self.health("/healthz")
      }
    }

    @Test func `the history tells what controller and speaker decided, to those who may ask`() async throws {
      try await self.lab.kubectl.apply(
        Manifest.pool("pool", "192.168.43.0/30"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web"), Manifest.service("web"))
      _ = try await self.lab.announcer(of: "192.168.43.0", service: "web")
      func history(_ arguments: String...) async throws -> Output {
        try await run(
          [try Tool.metallb(), "explain", "history"] + arguments + ["--kubeconfig", self.lab.kubeconfig],
          within: .seconds(20))
      }
      let text = try await history("web", "--output=wide").expectSuccess()
      for part in [
        "AGO", "controller", "speaker node-1", "told IPAllocated", "announced by layer2 default/web", "192.168.43.0",
      ] {
        #expect(text.contains(part), "\(part): \(text)")
      }
      #expect(try await history("-o", "json").expectSuccess().contains(#""process":"speaker node-1""#))
      let stranger = try await self.lab.exec(
        "client", "curl", "--silent", "--max-time", "2", "http://198.18.0.11:17472/debug/decisions")
      #expect(stranger.out.hasPrefix("name the pod that is asked"), "\(stranger)")
    }
  }
}
