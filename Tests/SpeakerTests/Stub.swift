import Testing
@testable import Speaker
@Test func stubSpeaker() {}
