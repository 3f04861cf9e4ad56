extension ThrowingTaskGroup where Failure == any Error {
  /// Waits for all child tasks, but only until one fails, and throws its error; the caller cancels the others.
  ///
  /// `waitForAll` waits for the others even then: for ever, if they run until they are cancelled.
  package mutating func waitForAllOrFailure() async throws {
    while try await self.next() != nil {}
  }
}
