import Testing
@testable import Serving
@Test func stubServing() {}
