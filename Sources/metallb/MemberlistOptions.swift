import ArgumentParser
import Primitives
import Speaker

/// Flags of the gossip by which speakers learn of each other's end.
struct MemberlistOptions: ParsableArguments {
  @Option(help: "The address to gossip on; by default METALLB_ML_BIND_ADDR; empty = no gossip.")
  var mlBindaddr: String?

  @Option(help: "The port to gossip on; by default METALLB_ML_BIND_PORT, else 7946.")
  var mlBindport: String?

  @Option(help: "The labels of the speakers' pods; by default METALLB_ML_LABELS; empty = no gossip.")
  var mlLabels: String?

  @Option(help: "The directory with the file secretkey; by default METALLB_ML_SECRET_KEY_PATH; empty = no encryption.")
  var mlSecretKeyPath: String?

  @Flag(help: "Gossip at the pace of wide-area networks.")
  var mlWanConfig = false

  @Option(
    help: """
      Milliseconds after which the owner of an address that does not answer is replaced; 0 = no sooner than the gossip \
      finds out.
      """)
  var l2DetectionMilliseconds = 500

  mutating func validate() throws {
    guard self.l2DetectionMilliseconds == 0 || (100...10_000).contains(self.l2DetectionMilliseconds) else {
      throw ValidationError(
        "--l2-detection-milliseconds \(self.l2DetectionMilliseconds) must be 0 or lie between 100 and 10000.")
    }
  }

  /// How speakers are meant to gossip; nil = not at all.
  func options(_ environment: [String: String]) throws -> GossipOptions? {
    func value(_ flag: String?, _ variable: String) -> String { flag ?? environment[variable] ?? "" }
    let port = value(self.mlBindport, "METALLB_ML_BIND_PORT")
    guard let number = port.isEmpty ? GossipOptions.standardPort : UInt16(port) else {
      throw ValidationError("--ml-bindport \"\(port)\" is not a port: it lies between 0 and 65535.")
    }
    let (address, labels) = (value(self.mlBindaddr, "METALLB_ML_BIND_ADDR"), value(self.mlLabels, "METALLB_ML_LABELS"))
    guard !address.isEmpty, !labels.isEmpty else { return nil }
    guard let address = IPAddress(address) else {
      throw ValidationError("--ml-bindaddr \"\(address)\" is not an IP address; the pod's own is the one to give.")
    }
    let directory = value(self.mlSecretKeyPath, "METALLB_ML_SECRET_KEY_PATH")
    return GossipOptions(
      address: address, port: number, podLabels: labels, secretDirectory: directory.isEmpty ? nil : directory,
      isWide: self.mlWanConfig,
      detectionTime: self.l2DetectionMilliseconds == 0 ? nil : .milliseconds(self.l2DetectionMilliseconds))
  }
}
