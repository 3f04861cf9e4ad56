import ArgumentParser
import FoundationEssentials
import Glibc
import Lab
import Logging

/// `metallb lab-container SPEC`: becomes a container's program; what node agents start.
struct LabContainerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab-container", abstract: "Becomes the program of a lab's container.", shouldDisplay: false)

  @Argument(help: "The file that describes the container.")
  var specification: String

  func run() throws {
    do {
      guard let bytes = BlockingFiles.read(self.specification) else {
        throw LabRefusal("\(self.specification): \(String(cString: strerror(errno)))")
      }
      try ContainerRoot.become(JSONDecoder().decode(ContainerSpec.self, from: Data(bytes)))
    } catch {
      FileDescriptors.say("the container cannot start: \(error)\n", to: 2)
      throw ExitCode(128)
    }
  }
}

/// `metallb lab-web`: the small web server that runs for every image that is not the product's.
struct LabWebCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab-web", abstract: "Tells over HTTP and UDP who answers.", shouldDisplay: false)

  @Option(help: "A port for HTTP.")
  var tcp: [Int] = []

  @Option(help: "A port that sends back what it gets.")
  var udp: [Int] = []

  @Option(help: "The name of the pod.")
  var pod: String

  @Option(help: "The name of the node.")
  var node: String

  func run() async throws {
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    try await WebServer(
      pod: self.pod, node: self.node, tcpPorts: self.tcp, udpPorts: self.udp, logger: Logger(label: "web")
    ).run()
  }
}

/// Text to the standard streams, written at once and whole.
enum FileDescriptors {
  static func say(_ text: String, to descriptor: Int32 = 1) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 { if errno == EINTR { continue } else { return } }
      rest = rest.dropFirst(count)
    }
  }
}
