import Primitives
import TestKit
import Testing

@Suite struct TokenBucketTests {
  @Test func `a bucket holds its burst at most`() {
    var bucket = TokenBucket(burst: 2, interval: .seconds(10), at: t0)
    let atOnce = (0..<4).map { _ in bucket.take(at: t0) }
    #expect(atOnce == [true, true, false, false])
    let tooEarly = bucket.take(at: t0 + .seconds(9))
    #expect(!tooEarly)
    let muchLater = (0..<4).map { _ in bucket.take(at: t0 + .seconds(1000)) }
    #expect(muchLater == [true, true, false, false])
  }
}
