/// Runs libFuzzer's driver: it takes the arguments of the process, and calls back with each input.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> CInt

/// Where the process begins: the package manager calls the main function of an executable by the name of its target, so that
/// libFuzzer's own is not linked.
@_cdecl("fuzz_main")
func fuzzMain(
  _ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  var count = argumentCount
  var list = arguments
  return runDriver(&count, &list) { testOneInput($0, $1) }
}
