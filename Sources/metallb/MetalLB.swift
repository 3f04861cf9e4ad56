import ArgumentParser
@main struct MetalLB: AsyncParsableCommand { mutating func run() async throws {} }
