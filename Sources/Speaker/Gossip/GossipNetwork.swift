import Glibc
import Gossip
import Logging
import NIOCore
import NIOPosix
import Primitives
import Runner
import Synchronization

/// The sockets of the gossip: datagrams and streams on one address, all on the thread of one event loop.
///
/// What arrives goes to the inbox of the loop that owns ``Membership``. Datagrams that do not fit are dropped, as the
/// network drops them; what is said over streams is not.
final class GossipNetwork: Sendable {
  /// Why there is no gossip.
  struct Unavailable: Error, CustomStringConvertible {
    let endpoint: MemberAddress
    let reason: String

    var description: String {
      "cannot gossip on \(self.endpoint): \(self.reason)"
    }
  }

  /// How many streams from others are served at a time (memberlist's `maxPushPullRequests`).
  private static let streamLimit = 128

  let loop: any EventLoop
  /// Where this node is reached.
  let endpoint: MemberAddress
  private let group: MultiThreadedEventLoopGroup
  private let datagrams: any Channel
  private let listener: any Channel
  private let codec: WireCodec
  private let inbox: Inbox<Membership.Event>
  private let streams: StreamTable
  /// By the number of the error.
  private let failures = Mutex(RecurrenceLog<Int32>())
  private let logger: Logger

  private init(
    group: MultiThreadedEventLoopGroup, endpoint: MemberAddress, datagrams: any Channel, listener: any Channel,
    codec: WireCodec, inbox: Inbox<Membership.Event>, streams: StreamTable, logger: Logger
  ) {
    self.group = group
    self.loop = datagrams.eventLoop
    self.endpoint = endpoint
    self.datagrams = datagrams
    self.listener = listener
    self.codec = codec
    self.inbox = inbox
    self.streams = streams
    self.logger = logger
  }

  static func open(
    _ wanted: MemberAddress, codec: WireCodec, streamTimeout: Duration, inbox: Inbox<Membership.Event>, logger: Logger
  ) async throws -> GossipNetwork {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let streams = StreamTable(limit: Self.streamLimit)
    do {
      let listener = try await ServerBootstrap(group: group)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let handler = StreamRequestHandler(
              streams: streams, reader: codec.streamReader(), codec: codec, timeout: TimeAmount(streamTimeout)
            ) { deliver($0, to: inbox, on: channel.eventLoop) }
            try channel.pipeline.syncOperations.addHandler(handler)
          }
        }
        .bind(to: try wanted.socketAddress).get()
      // Any port for streams is the port for datagrams too.
      let endpoint = MemberAddress(listener.localAddress) ?? wanted
      let datagrams = try await DatagramBootstrap(group: group)
        .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
        .channelOption(.socketOption(.so_rcvbuf), value: 1 << 20)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(
              DatagramHandler(codec: codec, inbox: inbox, logger: logger))
          }
        }
        .bind(to: try endpoint.socketAddress).get()
      return GossipNetwork(
        group: group, endpoint: endpoint, datagrams: datagrams, listener: listener, codec: codec, inbox: inbox,
        streams: streams, logger: logger)
    } catch {
      try? await group.shutdownGracefully()
      throw Unavailable(
        endpoint: wanted, reason: "\(error); is another speaker, or one of an earlier version, on this node?")
    }
  }

  func close() async {
    try? await self.group.shutdownGracefully()
  }

  /// Waits until the sockets are gone, which they are not before their time; throws that, unless the task is cancelled.
  func watch() async throws {
    let closed = Inbox<String>(capacity: 1)
    for (channel, name) in [(self.datagrams, "datagrams"), (self.listener, "streams")] {
      channel.closeFuture.whenComplete { _ in _ = closed.trySend("its socket for \(name) was closed") }
    }
    guard let reason = await closed.next(before: nil, on: ContinuousClock()), !Task.isCancelled else { return }
    throw Unavailable(endpoint: self.endpoint, reason: reason)
  }

  // MARK: - Sending

  /// What cannot be sent is lost, as it might have been on its way. To be called on the thread of the network.
  ///
  /// Not through the channel, which would close for good on what one datagram can meet at any time: a firewall's refusal or
  /// a full table of connections (`EPERM`), a route that is missing for a moment (`ENETUNREACH`), a full queue.
  func send(_ packet: Packet, to endpoint: MemberAddress) {
    guard let address = try? endpoint.socketAddress else { return }
    let bytes = self.codec.datagram(packet, nonce: Self.nonce())
    let code = try? self.datagrams.pipeline.syncOperations.withUnsafeTransportIfAvailable {
      (socket: NIOBSDSocket.Handle) -> Int32? in
      let sent = address.withSockAddr { address, length in
        bytes.withUnsafeBytes { sendto(socket, $0.baseAddress, $0.count, 0, address, socklen_t(length)) }
      }
      return sent < 0 ? errno : nil
    }
    guard let code = code ?? nil, let silent = self.failures.withLock({ $0.note(code, at: Time.now) }) else { return }
    self.logger.warning(
      "a datagram to another speaker cannot be sent",
      metadata: ["peer": "\(endpoint)", "reason": .string(Self.reason(code)), "untold": "\(silent)"])
  }

  /// What the kernel says, and what that hides.
  private static func reason(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    return code == EPERM ? "\(text): a firewall rule of this node, or its full connection tracking table" : text
  }

  /// Says something over a new stream; the answer, or that there is none, comes as an event.
  func exchange(
    _ exchange: Membership.ExchangeID, _ message: StreamMessage, with endpoint: MemberAddress, within limit: Duration
  ) {
    let answer = self.loop.makePromise(of: StreamMessage.self)
    let (loop, inbox, codec) = (self.loop, self.inbox, self.codec)
    answer.futureResult.whenComplete { result in
      switch result {
      case .success(let message): deliver(.answered(exchange, message), to: inbox, on: loop)
      case .failure(let error): deliver(.unanswered(exchange, reason: "\(error)"), to: inbox, on: loop)
      }
    }
    let timer = loop.scheduleTask(in: TimeAmount(limit)) { answer.fail(StreamExchangeHandler.Failure.timedOut) }
    answer.futureResult.whenComplete { _ in timer.cancel() }
    let request = codec.stream(message, nonce: Self.nonce())
    do {
      ClientBootstrap(group: self.group)
        .connectTimeout(TimeAmount(limit))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(
              StreamExchangeHandler(
                request: ByteBuffer(bytes: request), reader: codec.streamReader(), answer: answer))
          }
        }
        .connect(to: try endpoint.socketAddress).whenFailure { answer.fail($0) }
    } catch {
      answer.fail(error)
    }
  }

  /// Answers on a stream that another node has opened, or not, and closes it.
  func answer(_ stream: Membership.StreamID, _ message: StreamMessage?) {
    guard let channel = self.streams.remove(stream) else { return }
    guard let message else {
      channel.close(promise: nil)
      return
    }
    let bytes = self.codec.stream(message, nonce: Self.nonce())
    channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { _ in channel.close(promise: nil) }
  }

  private static func nonce() -> Nonce {
    var generator = SystemRandomNumberGenerator()
    return Nonce(using: &generator)
  }
}

/// Hands an event on that must not be lost, as soon as there is room for it.
private func deliver(_ event: Membership.Event, to inbox: Inbox<Membership.Event>, on loop: any EventLoop) {
  guard !inbox.trySend(event), !inbox.isFinished else { return }
  loop.scheduleTask(in: .milliseconds(20)) { deliver(event, to: inbox, on: loop) }
}

/// Reads datagrams.
private final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let codec: WireCodec
  private let inbox: Inbox<Membership.Event>
  private let logger: Logger

  init(codec: WireCodec, inbox: Inbox<Membership.Event>, logger: Logger) {
    self.codec = codec
    self.inbox = inbox
    self.logger = logger
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = self.unwrapInboundIn(data)
    guard let source = MemberAddress(envelope.remoteAddress) else { return }
    let reading = self.codec.read(datagram: Array(envelope.data.readableBytesView))
    for problem in reading.problems {
      self.logger.debug("a datagram cannot be read", metadata: ["peer": "\(source)", "reason": "\(problem)"])
    }
    guard !reading.messages.isEmpty else { return }
    if !self.inbox.trySend(.received(reading.messages, from: source)) {
      self.logger.debug("a datagram is dropped, as too many wait", metadata: ["peer": "\(source)"])
    }
  }

  /// An unreachable neighbour is reported here; the membership finds out in its own way.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

extension TimeAmount {
  /// A duration, to the nanosecond.
  init(_ duration: Duration) {
    self = .nanoseconds(Int64(duration / .nanoseconds(1)))
  }
}
