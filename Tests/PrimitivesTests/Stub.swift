import Testing
@testable import Primitives
@Test func stubPrimitives() {}
