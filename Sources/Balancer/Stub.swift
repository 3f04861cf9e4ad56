enum StubBalancer {}
