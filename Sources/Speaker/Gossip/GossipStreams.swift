import Gossip
import NIOCore
import Synchronization

/// The streams that others have opened and that wait for their answer.
final class StreamTable: Sendable {
  private struct State {
    var channels: [Membership.StreamID: any Channel] = [:]
    var openCount = 0
    var lastID: Membership.StreamID = 0
  }

  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) {
    self.limit = limit
  }

  /// False: there are too many already.
  func open() -> Bool {
    self.state.withLock { state in
      guard state.openCount < self.limit else { return false }
      state.openCount += 1
      return true
    }
  }

  func close(_ stream: Membership.StreamID?) {
    self.state.withLock { state in
      state.openCount -= 1
      if let stream { state.channels[stream] = nil }
    }
  }

  func insert(_ channel: any Channel) -> Membership.StreamID {
    self.state.withLock { state in
      state.lastID += 1
      state.channels[state.lastID] = channel
      return state.lastID
    }
  }

  func remove(_ stream: Membership.StreamID) -> (any Channel)? {
    self.state.withLock { $0.channels.removeValue(forKey: stream) }
  }
}

/// Reads the one message of a stream that another node has opened, and keeps the stream for the answer.
final class StreamRequestHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let streams: StreamTable
  private let codec: WireCodec
  private let timeout: TimeAmount
  private let deliver: (Membership.Event) -> Void
  private var reader: StreamReader?
  private var stream: Membership.StreamID?
  private var isCounted = false
  private var timer: Scheduled<Void>?

  init(
    streams: StreamTable, reader: StreamReader, codec: WireCodec, timeout: TimeAmount,
    deliver: @escaping (Membership.Event) -> Void
  ) {
    self.streams = streams
    self.reader = reader
    self.codec = codec
    self.timeout = timeout
    self.deliver = deliver
  }

  func channelActive(context: ChannelHandlerContext) {
    self.isCounted = self.streams.open()
    guard self.isCounted else { return context.close(promise: nil) }
    let channel = context.channel
    self.timer = context.eventLoop.scheduleTask(in: self.timeout) { channel.close(promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // What follows the message does not count.
    guard self.reader != nil else { return }
    do throws(WireError) {
      guard let message = try self.reader?.append(self.unwrapInboundIn(data).readableBytesView) else { return }
      self.reader = nil
      let stream = self.streams.insert(context.channel)
      self.stream = stream
      self.deliver(.requested(message, on: stream))
    } catch {
      self.reader = nil
      var generator = SystemRandomNumberGenerator()
      let bytes = self.codec.stream(.error(error.description), nonce: Nonce(using: &generator))
      let channel = context.channel
      context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: bytes)))
        .whenComplete { _ in channel.close(promise: nil) }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.timer?.cancel()
    if self.isCounted { self.streams.close(self.stream) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// Says one thing over a stream and waits for the answer.
final class StreamExchangeHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Why there is no answer.
  enum Failure: Error, CustomStringConvertible {
    case timedOut
    case closed
    case unreadable(WireError)

    var description: String {
      switch self {
      case .timedOut: "no answer in time"
      case .closed: "the stream was closed before the answer was complete"
      case .unreadable(let error): error.description
      }
    }
  }

  private let request: ByteBuffer
  private let answer: EventLoopPromise<StreamMessage>
  private var reader: StreamReader

  init(request: ByteBuffer, reader: StreamReader, answer: EventLoopPromise<StreamMessage>) {
    self.request = request
    self.reader = reader
    self.answer = answer
  }

  func channelActive(context: ChannelHandlerContext) {
    let channel = context.channel
    // An answer, or that it took too long.
    self.answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
    context.writeAndFlush(self.wrapOutboundOut(self.request), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    do throws(WireError) {
      guard let message = try self.reader.append(self.unwrapInboundIn(data).readableBytesView) else { return }
      self.answer.succeed(message)
    } catch {
      self.answer.fail(Failure.unreadable(error))
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.answer.fail(Failure.closed)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    self.answer.fail(error)
  }
}
