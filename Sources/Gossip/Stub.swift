enum StubGossip {}
