import Testing
@testable import Balancer
@Test func stubBalancer() {}
