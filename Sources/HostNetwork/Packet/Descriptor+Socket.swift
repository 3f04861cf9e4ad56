import CLinux
import Glibc

extension Descriptor {
  /// Replaces the filter of a socket; each packet meets the old one or the new one.
  package func attach(_ filter: PacketFilter, _ operation: @autoclosure () -> String) throws(SystemError) {
    var instructions = filter.program.map {
      sock_filter(code: $0.code, jt: $0.ifTrue, jf: $0.ifFalse, k: $0.operand)
    }
    let result = instructions.withUnsafeMutableBufferPointer { buffer in
      var program = sock_fprog(len: UInt16(buffer.count), filter: buffer.baseAddress)
      return setsockopt(
        self.number, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
    }
    guard result == 0 else { throw SystemError(operation()) }
  }

  /// Makes a socket send and receive by one interface only, or within one VRF (socket(7), SO_BINDTODEVICE).
  package func bind(toDevice device: String) throws(SystemError) {
    let result = device.withCString {
      setsockopt(self.number, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(device.utf8.count + 1))
    }
    guard result == 0 else { throw SystemError("bind a socket to \(device)") }
  }
}
