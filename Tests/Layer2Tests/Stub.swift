import Testing
@testable import Layer2
@Test func stubLayer2() {}
