import Testing
@testable import BFD
@Test func stubBFD() {}
