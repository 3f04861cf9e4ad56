enum StubLayer2 {}
