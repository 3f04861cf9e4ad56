/// The states of RFC 4271 section 8.2.2, as status and logs name them.
package enum SessionState: String, Sendable, Hashable, CaseIterable {
  case idle = "Idle"
  case connect = "Connect"
  case active = "Active"
  case openSent = "OpenSent"
  case openConfirm = "OpenConfirm"
  case established = "Established"
}
