import Primitives

/// A node that this one would replace, pinged so often that its end is noticed in tenths of a second.
struct Watch: Sendable, Hashable {
  /// Beyond this, that the network merely lost all the pings is out of the question: one chance in ten million.
  private static let proof = 16.0

  var pingAt: ContinuousClock.Instant
  /// The numbers of the latest pings, to it and to those that are asked about it.
  var sequences: [UInt32] = []
  /// The number of the latest ping to it, and when that was sent.
  private var latestSequence: UInt32?
  private var latestSentAt: ContinuousClock.Instant?
  /// How many pings in a row it has not answered.
  private(set) var missed = 0
  /// When the first of these was sent.
  private(set) var silentSince: ContinuousClock.Instant?
  private(set) var heardAt: ContinuousClock.Instant?
  /// From a ping to its answer, of the latest one that was answered before the next.
  private(set) var roundTrip: Duration?
  /// How many others were asked about it along with the last ping.
  private var asked = 0
  /// How many questions others have been asked about it since it was heard last, and how many of them answered a ping of
  /// their own that went along: who did not shows how much the network loses just now.
  private var questions = 0
  private var witnesses = 0
  /// Which part of the pings has been lost of late while the node lived; never so little that one says everything.
  private(set) var loss = Self.initialLoss
  /// Whether some other node has answered since others were asked: then it is not us who are cut off.
  var hasWitness = false
  var isLost = false
  /// Whether somebody wants it watched; one that is lost is watched on until its fate is known.
  var isWanted = true

  private static let initialLoss = 0.04
  private static let leastLoss = 0.02
  private static let mostLoss = 0.95
  /// How much one ping changes the estimate of the loss. It grows faster than it falls: a network that begins to lose
  /// makes the detector slower, not wrong.
  private static let (lostWeight, answeredWeight) = (1.0 / 32, 1.0 / 64)

  init(pingAt: ContinuousClock.Instant) {
    self.pingAt = pingAt
  }

  /// The next ping is due: the last one has had its time, and so have those who were asked along with it.
  mutating func weigh() {
    guard self.missed > 0 else { return }
    self.questions += self.asked
    self.asked = 0
  }

  /// How unlikely it is that the network lost everything since the node was heard last: a sum of logarithms.
  private var evidence: Double {
    let missing = Double(max(0, self.questions - self.witnesses)) / Double(max(1, self.questions))
    let loss = min(max(self.loss, missing), Self.mostLoss)
    // Two more legs each way.
    let relayed = 1 - (1 - loss) * (1 - loss)
    return -Double(self.missed) * Logarithm.natural(loss) - Double(self.questions) * Logarithm.natural(relayed)
  }

  /// Whether so many pings stayed unanswered, and on a network so good, that it is the node.
  func isSilent(after least: Int) -> Bool { self.missed >= least && self.evidence >= Self.proof }

  /// A ping goes out, and with it questions to others.
  mutating func pinged(_ sequence: UInt32, asking others: Int, at now: ContinuousClock.Instant) {
    self.latestSequence = sequence
    self.latestSentAt = now
    if self.missed == 0 { self.silentSince = now }
    self.missed += 1
    self.asked = others
  }

  /// The node has answered a ping, with or without others. What it had not answered before was lost.
  mutating func answered(_ sequence: UInt32, at now: ContinuousClock.Instant) {
    if self.latestSequence == sequence, let sentAt = self.latestSentAt { self.roundTrip = now - sentAt }
    self.heardAt = now
    guard !self.isLost else { return self.forgive() }
    for _ in 1..<max(1, self.missed) + max(0, self.questions - self.witnesses) {
      self.loss += (1 - self.loss) * Self.lostWeight
    }
    self.loss = max(Self.leastLoss, self.loss * (1 - Self.answeredWeight))
    self.forgive()
  }

  /// The node has answered a ping over a stream: it lives, and datagrams do not get through.
  mutating func answeredOnStream(at now: ContinuousClock.Instant) {
    guard !self.isLost else { return }
    self.heardAt = now
    self.forgive()
  }

  /// A node that was asked about it has answered for itself.
  mutating func witnessed() {
    self.hasWitness = true
    self.witnesses += 1
  }

  /// Counting begins anew.
  mutating func forgive() {
    self.missed = 0
    self.silentSince = nil
    self.asked = 0
    self.questions = 0
    self.witnesses = 0
    self.hasWitness = false
  }
}

/// Whose ack a number stands for.
enum WatchPing: Sendable, Hashable {
  case watched(String)
  /// Of a node that was asked about the watched one.
  case witness(for: String)
}
