import Foundation

/// A client in a lab that asks for one address all the while, and what it saw (Peers/traffic-probe.py).
package struct TrafficProbe: Sendable {
  /// All times are seconds after the mark.
  package struct Report: Sendable, Decodable {
    /// Who answered for the address: when first, and with what hardware address.
    package struct Turn: Sendable, Decodable, CustomStringConvertible {
      package let at: Double
      package let hardware: String
      package let manner: String

      package init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        self.at = try fields.decode(Double.self)
        self.hardware = try fields.decode(String.self)
        self.manner = try fields.decode(String.self)
      }

      package var description: String { "\(self.at): \(self.hardware) (\(self.manner))" }
    }

    package let timeline: [Turn]
    /// When another owner than before the mark was first heard.
    package let firstTakeover: Double?
    package let newOwner: String?
    package let lastOwner: String?
    /// The longest time without an answer to the question who has the address.
    package let longestSilence: Double
    package let silenceAt: Double?
    package let requests: Int
    package let lost: Int
    /// When the last of them began.
    package let lastLoss: Double?
    /// When each of them began, and what became of it.
    package let losses: [String]
    /// Requests that were under way when the address moved.
    package let broken: Int
    /// For how long the machine kept the probe waiting, at worst: anything else may have been late by as much.
    package let stall: Double
    /// For how long two nodes answered at once, at worst.
    package let longestDouble: Double
    package let doubleAt: [[Double]]

    /// When double answers were last seen.
    package var lastDoubleAt: Double? { self.doubleAt.map { $0[0] + $0[1] }.max() }
  }

  private let process: ChildProcess

  /// Starts to ask, and returns once it does.
  package init(in lab: Lab, for address: String, requestsPerSecond: Int = 50) async throws {
    let script = Tool.repository.appendingPathComponent("IntegrationTests/Peers/traffic-probe.py").path
    let process = try lab.start("client", "python3", script, "eth0", address, "\(requestsPerSecond)")
    self.process = process
    try await eventually("the traffic probe asks") {
      process.standardError
    } isRight: {
      $0.contains("probing")
    }
  }

  /// Now it happens: whatever is done after this is after the mark.
  package func mark() async throws {
    let before = self.marks
    self.process.signal(SIGUSR1)
    try await eventually("the traffic probe has heard of it", every: .milliseconds(5)) {
      self.marks
    } isRight: {
      $0 > before
    }
  }

  private var marks: Int { self.process.standardError.components(separatedBy: "marked").count - 1 }

  package func stop() async throws -> Report {
    self.process.signal(SIGTERM)
    let text = try await self.process.output(within: .seconds(20)).expectSuccess()
    return try JSONDecoder().decode(Report.self, from: Data(text.utf8))
  }
}

/// The same for both addresses of a Service at once.
package struct DualProbe: Sendable {
  private let probes: [TrafficProbe]

  package init(in lab: Lab, for addresses: [String]) async throws {
    var probes: [TrafficProbe] = []
    for address in addresses { probes.append(try await TrafficProbe(in: lab, for: address)) }
    self.probes = probes
  }

  package func mark() async throws {
    for probe in self.probes { try await probe.mark() }
  }

  package func stop() async throws -> [TrafficProbe.Report] {
    var reports: [TrafficProbe.Report] = []
    for probe in self.probes { reports.append(try await probe.stop()) }
    return reports
  }
}
