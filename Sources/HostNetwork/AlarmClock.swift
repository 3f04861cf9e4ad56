import CLinux
import Glibc

/// A descriptor that becomes readable at a time: what a thread that waits for descriptors wakes by (timerfd_create(2)).
package final class AlarmClock: Sendable {
  package let descriptor: Descriptor

  package init() throws(SystemError) {
    self.descriptor = try Descriptor(
      owning: timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK)), "create a timer")
  }

  /// Rings once after a time, at once when that is not positive; nil = not at all.
  package func set(in delay: Duration?) {
    var time = itimerspec()
    if let delay {
      let (seconds, attoseconds) = max(delay, .nanoseconds(1)).components
      time.it_value = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    }
    timerfd_settime(self.descriptor.number, 0, &time, nil)
  }

  /// Takes note that it rang; otherwise the descriptor stays readable.
  package func acknowledge() {
    var count: UInt64 = 0
    read(self.descriptor.number, &count, MemoryLayout<UInt64>.size)
  }
}
