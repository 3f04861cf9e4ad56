import BGP
import Balancer
import NIOCore
import Primitives
import Synchronization

/// One TCP connection to a router, or the attempt to make one: what is written goes out in order, the end comes after it.
///
/// Nothing here waits, and no task stands behind it: it lives on NIO's event loop, so that a farewell is still said when the
/// task of the peer's loop has been cancelled.
final class BGPConnection: Sendable {
  /// How long the other side gets to read what was said last.
  private static let farewellTime = TimeAmount.seconds(1)

  private enum State {
    case opening
    case open(any Channel)
    case ended
  }

  private let state = Mutex(State.opening)

  /// The channel is there, though not connected yet. False: nobody wants it any more.
  func attach(_ channel: any Channel) -> Bool {
    let isWanted = self.state.withLock { state in
      guard case .opening = state else { return false }
      state = .open(channel)
      return true
    }
    if isWanted { channel.closeFuture.whenComplete { _ in self.state.withLock { $0 = .ended } } }
    return isWanted
  }

  /// Nil as long as there is none, or no more.
  var channel: (any Channel)? {
    self.state.withLock { state in
      guard case .open(let channel) = state else { return nil }
      return channel
    }
  }

  func write(_ bytes: [UInt8], whenFlushed: (@Sendable () -> Void)? = nil) {
    guard let channel = self.channel else { return }
    let future = channel.writeAndFlush(channel.allocator.buffer(bytes: bytes))
    if let whenFlushed { future.whenSuccess(whenFlushed) }
  }

  /// Goes over to other keys. One that is not made yet ends: with which it has begun is not known.
  func changeKeys(
    _ old: AuthenticationKeys, to new: AuthenticationKeys, _ failed: @escaping @Sendable (any Error) -> Void
  ) {
    guard let channel = self.channel, let router = IPAddress(channel.remoteAddress) else { return self.abandon() }
    var options = SocketOptions(router.family)
    options.change(old, to: new, for: router)
    options.set(on: channel).whenFailure(failed)
  }

  /// Ends the connection after what was written: our half first, so that the other side reads all of it, then the rest.
  func finish() {
    guard let channel = self.channel else { return self.abandon() }
    channel.eventLoop.execute {
      channel.close(mode: .output, promise: nil)
      channel.eventLoop.scheduleTask(in: Self.farewellTime) { channel.close(promise: nil) }
    }
  }

  /// Ends it at once.
  func abandon() {
    let channel = self.state.withLock { state -> (any Channel)? in
      defer { state = .ended }
      guard case .open(let channel) = state else { return nil }
      return channel
    }
    channel?.close(promise: nil)
  }

  /// Whether there is nothing left to wait for.
  var hasEnded: Bool {
    self.state.withLock { state in
      if case .ended = state { true } else { false }
    }
  }

  /// Waits for the end, whether the task is cancelled or not.
  func waitForEnd() async {
    try? await self.channel?.closeFuture.get()
  }
}

/// The router's side of a connection: bytes to frames to the mailbox, as fast as the peer's loop takes them.
final class BGPFrameHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// There is room in the mailbox again.
  struct Resume: Sendable {}

  private let connection: ConnectionID
  private let mailbox: PeerMailbox
  private let router: RouterAddress
  private let endpoint: (_ channel: any Channel) -> ConnectionEndpoint?
  private var splitter = FrameSplitter()
  /// A frame that found no room.
  private var postponed: Frame?
  private var isDeaf = false
  private var failure: (any Error)?

  init(
    _ connection: ConnectionID, _ mailbox: PeerMailbox, _ router: RouterAddress,
    endpoint: @escaping (_ channel: any Channel) -> ConnectionEndpoint?
  ) {
    self.connection = connection
    self.mailbox = mailbox
    self.router = router
    self.endpoint = endpoint
  }

  func channelActive(context: ChannelHandlerContext) {
    guard let endpoint = self.endpoint(context.channel) else {
      self.mailbox.post(.connectFailed(self.connection, "the connection ended at once"))
      return context.close(promise: nil)
    }
    switch self.connection.direction {
    case .outgoing: self.mailbox.post(.connected(self.connection, endpoint))
    case .incoming: self.mailbox.post(.accepted(self.connection, endpoint))
    }
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !self.isDeaf else { return }
    self.splitter.append(self.unwrapInboundIn(data).readableBytesView)
    self.split(context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if self.postponed == nil { context.read() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event is Resume else { return context.fireUserInboundEventTriggered(event) }
    guard let frame = self.postponed else { return }
    self.postponed = nil
    guard self.deliver(frame, context) else { return }
    self.split(context)
    if self.postponed == nil { context.read() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    self.failure = error
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.postLastWord()
    let reason = self.failure.map { ConnectionFailure.text(of: $0, self.router) }
    self.mailbox.post(.closed(self.connection, reason ?? "the router closed the connection"))
  }

  /// What found no room is of no interest any more, but for the word that says why the router went.
  private func postLastWord() {
    while let frame = self.postponed {
      if frame.isNotification { return self.mailbox.post(.received(self.connection, frame)) }
      self.postponed = try? self.splitter.next()
    }
  }

  private func split(_ context: ChannelHandlerContext) {
    do throws(Notification) {
      while self.postponed == nil, let frame = try self.splitter.next() {
        guard self.deliver(frame, context) else { return }
      }
    } catch {
      // Nothing that comes after it can be understood.
      self.isDeaf = true
      self.mailbox.post(.malformed(self.connection, error))
    }
  }

  /// False: the frame is postponed.
  private func deliver(_ frame: Frame, _ context: ChannelHandlerContext) -> Bool {
    let channel = context.channel
    let isTaken = self.mailbox.offer(.received(self.connection, frame)) {
      channel.pipeline.fireUserInboundEventTriggered(Resume())
    }
    if !isTaken { self.postponed = frame }
    return isTaken
  }
}
