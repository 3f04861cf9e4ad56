import NIOCore
import NIOPosix
import Runner

extension LoopWatch.Loop {
  /// The threads that connections are served on: those to the API server and to routers, and those of the own servers.
  package static var connections: LoopWatch.Loop {
    LoopWatch.Loop("connections") {
      await withDiscardingTaskGroup { group in
        for thread in MultiThreadedEventLoopGroup.singleton.makeIterator() {
          group.addTask {
            let signs = Inbox<Void>(capacity: 1)
            thread.execute { _ = signs.trySend(()) }
            _ = await signs.next(before: nil, on: ContinuousClock())
          }
        }
      }
    }
  }
}
