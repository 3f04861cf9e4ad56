import NIOCore
import NIOHTTP1

/// Closes a connection whose client is too slow: with its headers, with its body, with reading the response, or with its
/// next request.
final class RequestDeadlineHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let headers: TimeAmount
  private let idle: TimeAmount
  private let body: TimeAmount
  private let reading: TimeAmount
  private var deadline: Scheduled<Void>?
  /// Runs while the client does not take what is written.
  private var readingDeadline: Scheduled<Void>?
  private var requestIsOpen = false
  private var responseIsOpen = false

  init(headers: TimeAmount, idle: TimeAmount, body: TimeAmount, reading: TimeAmount) {
    self.headers = headers
    self.idle = idle
    self.body = body
    self.reading = reading
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { self.arm(self.headers, context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    self.arm(self.headers, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.cancel()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.cancel()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    self.readingDeadline?.cancel()
    self.readingDeadline = context.channel.isWritable ? nil : Self.hangUp(in: self.reading, context)
    context.fireChannelWritabilityChanged()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch self.unwrapInboundIn(data) {
    case .head:
      self.requestIsOpen = true
      self.responseIsOpen = true
      self.arm(self.body, context)
    case .body:
      // The whole of it has one deadline: a byte now and then does not buy time.
      break
    case .end:
      self.requestIsOpen = false
      self.deadline?.cancel()
      if !self.responseIsOpen { self.arm(self.idle, context) }
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = self.unwrapOutboundIn(data) {
      self.responseIsOpen = false
      if !self.requestIsOpen { self.arm(self.idle, context) }
    }
    context.write(data, promise: promise)
  }

  private func arm(_ time: TimeAmount, _ context: ChannelHandlerContext) {
    self.deadline?.cancel()
    self.deadline = Self.hangUp(in: time, context)
  }

  private func cancel() {
    self.deadline?.cancel()
    self.readingDeadline?.cancel()
  }

  private static func hangUp(in time: TimeAmount, _ context: ChannelHandlerContext) -> Scheduled<Void> {
    let channel = context.channel
    return context.eventLoop.scheduleTask(in: time) { channel.hangUp() }
  }
}
