import Testing
@testable import Lab
@Test func stubLab() {}
