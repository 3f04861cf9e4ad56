import Foundation

/// The kernel that Scripts/kernel-tests boots, which has what most machines' kernels lack: TCP-AO, VRFs, bonds, VLANs.
package enum GuestKernel {
  /// Whether this is it (METALLB_TEST_KERNEL).
  package static let isRunning = ProcessInfo.processInfo.environment["METALLB_TEST_KERNEL"] == "guest"

  /// Whether the kernel of this machine knows TCP-AO: others do not even look at the value of its options, if that has the
  /// four bytes that every option of TCP has at least.
  package static var hasAuthenticationOption: Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var value: Int32 = 0
    return setsockopt(descriptor, Int32(IPPROTO_TCP), 38, &value, 4) == 0 || errno != ENOPROTOOPT
  }
}
