import BGP
import Primitives

/// What a router, or somebody in its place, sends to port 179.
enum BGPFuzzing {
  /// A connection's bytes: cut into frames, understood, written again.
  @Sendable static func messages(_ input: [UInt8]) {
    guard let flags = input.first else { return }
    let format = BGP.Message.Format(asnWidth: flags & 1 == 0 ? .four : .two, allowsExtendedMessages: flags & 2 != 0)
    let stream = input.dropFirst()
    let frames = Self.frames(of: [Array(stream)])
    let cut = Int(flags >> 2) % (stream.count + 1)
    let pieces = [Array(stream.prefix(cut)), Array(stream.dropFirst(cut))]
    expect(frames == Self.frames(of: pieces), "the frames depend on the pieces in which they arrive")
    for frame in frames.frames { Self.check(frame, format) }
    if let error = frames.error { Self.check(error) }
  }

  private struct Frames: Equatable {
    var frames: [Frame] = []
    var error: BGP.Notification?
  }

  private static func frames(of pieces: [[UInt8]]) -> Frames {
    var (splitter, result) = (FrameSplitter(), Frames())
    do throws(BGP.Notification) {
      for piece in pieces {
        splitter.append(piece)
        while let frame = try splitter.next() { result.frames.append(frame) }
      }
    } catch {
      result.error = error
    }
    return result
  }

  private static func check(_ frame: Frame, _ format: BGP.Message.Format) {
    do throws(BGP.Notification) {
      guard let message = try BGP.Message(decoding: frame, format) else { return }
      if case .notification(let notification) = message { Self.check(notification) }
      let written = message.frame
      // Capabilities are gathered in one parameter, whose lengths may then take more octets.
      expect(written.bytes.count <= frame.bytes.count + 8, "a message of \(frame.bytes.count) grows when written again")
      guard let again = try BGP.Message(decoding: written, format) else {
        return expect(false, "\(message) is ignored once it is written again")
      }
      expect(again.bytes == written.bytes, "\(message) becomes \(again)")
      expect(message.withoutFaults == again.withoutFaults, "\(message) becomes \(again)")
    } catch {
      Self.check(error)
    }
  }

  /// A sentence for the log, and a message to the other speaker.
  private static func check(_ notification: BGP.Notification) {
    expect(!notification.description.isEmpty, "a notification without a sentence")
    // Data of any length comes in; what goes out of our own fits.
    _ = notification.shutdownText
    _ = notification.asHardReset
  }

  @Sendable static func sessions(_ input: [UInt8]) {
    var script = FuzzScript(input)
    var play = BGPSessionPlay(&script)
    while !script.isAtEnd { play.act(&script) }
    play.finish()
  }
}

extension BGP.Message {
  /// The message as far as it goes over the wire; attributes that mean nothing are in no order.
  fileprivate var withoutFaults: BGP.Message {
    guard case .update(var update) = self else { return self }
    update.faults = []
    update.attributes.others.sort { $0.type < $1.type }
    return .update(update)
  }
}
