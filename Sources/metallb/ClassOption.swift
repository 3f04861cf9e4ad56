import ArgumentParser

/// Which Services MetalLB is for, where the user says so.
struct ClassOption: ParsableArguments {
  @Option(help: "The class of Services that MetalLB is for; by default as its controller says (its --lb-class).")
  var lbClass = ""

  /// Nil = the controller is to be asked.
  var given: String? { self.lbClass.isEmpty ? nil : self.lbClass }
}
