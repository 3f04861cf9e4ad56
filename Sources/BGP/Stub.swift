enum StubBGP {}
