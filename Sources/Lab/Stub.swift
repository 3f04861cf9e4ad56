enum StubLab {}
