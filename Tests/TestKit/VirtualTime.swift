/// The start of virtual time in tests; every instant of a test is this one plus a duration.
package let t0 = ContinuousClock.Instant.now
