import NIOCore

/// Cuts a stream of bytes into lines, whatever chunks it comes in.
struct LineSplitter: Sendable {
  /// A line longer than this is no watch event; etcd holds objects of 1.5 MB.
  static let maximumLine = 32 << 20

  private var pending = ByteBuffer()
  /// Bytes of `pending` in which there is no line end.
  private var searched = 0

  mutating func append(_ chunk: ByteBuffer) {
    if self.pending.readableBytes == 0 {
      self.pending = chunk
      self.searched = 0
    } else {
      self.pending.discardReadBytes()
      var chunk = chunk
      self.pending.writeBuffer(&chunk)
    }
  }

  /// The next whole line without its end; empty lines are skipped.
  mutating func next() -> ByteBuffer? {
    while true {
      let unread = self.pending.readableBytesView.dropFirst(self.searched)
      guard let end = unread.firstIndex(of: UInt8(ascii: "\n")) else {
        self.searched = self.pending.readableBytes
        return nil
      }
      let length = end - self.pending.readerIndex
      self.searched = 0
      let line = self.pending.readSlice(length: length)
      self.pending.moveReaderIndex(forwardBy: 1)
      if let line, length > 0 { return line }
    }
  }

  /// Whether what has come of the current line is too much already.
  var isOverlong: Bool { self.pending.readableBytes > Self.maximumLine }

  /// Whether the stream may end here.
  var isAtLineEnd: Bool { self.pending.readableBytes == 0 }
}
