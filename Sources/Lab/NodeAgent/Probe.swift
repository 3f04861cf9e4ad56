import CLinux
import Glibc
import KubernetesModel

/// A question that a node's agent asks a container again and again: are you alive, can you take traffic?
package struct Probe: Sendable, Hashable {
  package enum Check: Sendable, Hashable {
    case httpGet(host: String, port: UInt16, path: String)
    case tcp(host: String, port: UInt16)
  }

  package let check: Check
  package let initialDelay: Duration
  package let period: Duration
  package let timeout: Duration
  package let successThreshold: Int
  package let failureThreshold: Int

  /// Nil for no probe, and for the kinds that the lab does not ask (`exec`, `grpc`, HTTPS): these count as passed.
  package init?(_ json: JSONValue?, container: JSONValue, podAddress: String) {
    guard let json else { return nil }
    func port(_ value: JSONValue?) -> UInt16? {
      if let number = value?.integer { return UInt16(exactly: number) }
      guard let name = value?.string else { return nil }
      if let number = UInt16(name) { return number }
      let named = container["ports"]?.array?.first { $0["name"]?.string == name }
      return named?["containerPort"]?.integer.flatMap { UInt16(exactly: $0) }
    }
    if let get = json["httpGet"], (get["scheme"]?.string ?? "HTTP") == "HTTP", let port = port(get["port"]) {
      self.check = .httpGet(host: get["host"]?.string ?? podAddress, port: port, path: get["path"]?.string ?? "/")
    } else if let socket = json["tcpSocket"], let port = port(socket["port"]) {
      self.check = .tcp(host: socket["host"]?.string ?? podAddress, port: port)
    } else {
      return nil
    }
    func seconds(_ name: String, _ fallback: Int64) -> Duration { .seconds(json[name]?.integer ?? fallback) }
    self.initialDelay = seconds("initialDelaySeconds", 0)
    self.period = max(.seconds(1), seconds("periodSeconds", 10))
    self.timeout = max(.seconds(1), seconds("timeoutSeconds", 1))
    self.successThreshold = max(1, Int(clamping: json["successThreshold"]?.integer ?? 1))
    self.failureThreshold = max(1, Int(clamping: json["failureThreshold"]?.integer ?? 3))
  }

  /// Asks once, from the node's own network, as a kubelet does.
  package func passes(in namespace: String) async -> Bool {
    (try? await NamespaceThread.run(in: namespace) { self.ask() }) ?? false
  }

  private func ask() -> Bool {
    switch self.check {
    case .tcp(let host, let port):
      guard let connection = TCPConnection(to: host, port: port, timeout: self.timeout) else { return false }
      connection.close()
      return true
    case .httpGet(let host, let port, let path):
      guard let connection = TCPConnection(to: host, port: port, timeout: self.timeout) else { return false }
      defer { connection.close() }
      let request =
        "GET \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\nUser-Agent: kube-probe/lab\r\nConnection: close\r\n\r\n"
      guard connection.send(request), let answer = connection.receive(upTo: 256) else { return false }
      let fields = answer.split(separator: " ", maxSplits: 2)
      guard fields.count >= 2, fields[0].hasPrefix("HTTP/1."), let code = Int(fields[1]) else { return false }
      return (200..<400).contains(code)
    }
  }
}

/// What the answers to a probe amount to: it takes several in a row to change the verdict.
package struct ProbeVerdict: Sendable, Hashable {
  package private(set) var isPassing: Bool
  private var streak = 0
  private let successThreshold: Int
  private let failureThreshold: Int

  package init(startsPassing: Bool, successThreshold: Int, failureThreshold: Int) {
    self.isPassing = startsPassing
    self.successThreshold = successThreshold
    self.failureThreshold = failureThreshold
  }

  /// True when the verdict has changed with this answer.
  package mutating func take(_ passed: Bool) -> Bool {
    guard passed != self.isPassing else {
      self.streak = 0
      return false
    }
    self.streak += 1
    guard self.streak >= (passed ? self.successThreshold : self.failureThreshold) else { return false }
    self.isPassing = passed
    self.streak = 0
    return true
  }
}

/// A blocking TCP connection of the calling thread's namespace, every step of which has a time limit.
struct TCPConnection {
  private let descriptor: Int32

  init?(to host: String, port: UInt16, timeout: Duration) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    let (seconds, attoseconds) = timeout.components
    var limit = timeval(tv_sec: time_t(seconds), tv_usec: suseconds_t(attoseconds / 1_000_000_000_000))
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    // With a send timeout, Linux gives up a connect after that time too.
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      let reason = errno
      Glibc.close(descriptor)
      errno = reason
      return nil
    }
    self.descriptor = descriptor
  }

  func send(_ text: String) -> Bool {
    Glibc.send(self.descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count
  }

  func receive(upTo size: Int) -> String? {
    var buffer = [UInt8](repeating: 0, count: size)
    let count = recv(self.descriptor, &buffer, size, 0)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  func close() { Glibc.close(self.descriptor) }

  /// Hands the socket to somebody else, who will wait for it in a way of his own.
  func release() -> Int32 {
    _ = fcntl(self.descriptor, F_SETFL, fcntl(self.descriptor, F_GETFL) | O_NONBLOCK)
    return self.descriptor
  }
}
