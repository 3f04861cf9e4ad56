enum StubBFD {}
