import Testing
@testable import Runner
@Test func stubRunner() {}
