import Testing
@testable import HostNetwork
@Test func stubHostNetwork() {}
