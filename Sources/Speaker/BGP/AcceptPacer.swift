import NIOCore

/// Lets a listening socket rest for a second after so many connections, whoever they came from: a storm of them must not
/// take the node's time. Those that come meanwhile wait in the kernel's queue, which is bounded.
final class AcceptPacer: ChannelInboundHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel

  private static let limit = 200
  private static let pause = TimeAmount.seconds(1)

  private var accepted = 0

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.accepted += 1
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    guard self.accepted >= Self.limit else { return context.read() }
    self.accepted = 0
    let channel = context.channel
    context.eventLoop.scheduleTask(in: Self.pause) { channel.read() }
  }
}
