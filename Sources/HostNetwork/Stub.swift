enum StubHostNetwork {}
