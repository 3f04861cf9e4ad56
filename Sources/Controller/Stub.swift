enum StubController {}
