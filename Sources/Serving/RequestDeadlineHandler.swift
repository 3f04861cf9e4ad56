import NIOCore
import NIOHTTP1

/// Closes a connection whose client is too slow: with its headers, with its body, or with its next request.
final class RequestDeadlineHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let headers: TimeAmount
  private let idle: TimeAmount
  private let body: TimeAmount
  private var deadline: Scheduled<Void>?
  private var requestIsOpen = false
  private var responseIsOpen = false

  init(headers: TimeAmount, idle: TimeAmount, body: TimeAmount) {
    self.headers = headers
    self.idle = idle
    self.body = body
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { self.arm(self.headers, context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    self.arm(self.headers, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.deadline?.cancel()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.deadline?.cancel()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch self.unwrapInboundIn(data) {
    case .head:
      self.requestIsOpen = true
      self.responseIsOpen = true
      self.arm(self.body, context)
    case .body:
      self.arm(self.body, context)
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
    let channel = context.channel
    self.deadline = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }
}
