import Glibc

/// How many descriptors the process may have open.
package enum DescriptorLimit {
  /// Takes all that the system grants: the usual limit is for programs that use select(2), and there is none here.
  package static func raise() {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
  }
}
