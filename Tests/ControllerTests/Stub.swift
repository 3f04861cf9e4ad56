import Testing
@testable import Controller
@Test func stubController() {}
