import ArgumentParser
import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Runner

/// Looking again and again: when objects change in the cluster, and every so often.
struct WatchOptions: ParsableArguments {
  @Flag(
    name: [.customShort("w"), .customLong("watch")],
    help:
      "Look again whenever something changes, until interrupted: redrawn on a terminal, one after the other elsewhere.")
  var isOn = false

  @Option(help: "With --watch, also look again after so many seconds in which nothing changed.")
  var interval = 2

  mutating func validate() throws {
    guard (1...3600).contains(self.interval) else {
      throw ValidationError("--interval \(self.interval) must lie between 1 and 3600 seconds.")
    }
  }

  /// What a look can hang on: objects whose changes are worth another one.
  struct Followed {
    fileprivate var follow: (_ funnel: inout WatchFunnel<LookSchedule>, _ kind: Int) -> Void

    static func objects<R: KubernetesResource>(
      _ type: R.Type, in namespace: String? = nil, fieldSelector: String? = nil
    ) -> Followed {
      Followed { funnel, kind in
        funnel.follow(type, namespace: namespace, fieldSelector: fieldSelector) { change in
          if case .synced = change { .synced(kind: kind) } else { .changed(kind: kind) }
        }
      }
    }

    /// Everything that MetalLB is configured with.
    static func configuration(in namespace: String) -> [Followed] {
      [
        .objects(IPAddressPool.self, in: namespace), .objects(L2Advertisement.self, in: namespace),
        .objects(BGPAdvertisement.self, in: namespace), .objects(BGPPeer.self, in: namespace),
        .objects(BFDProfile.self, in: namespace), .objects(CommunityAliases.self, in: namespace),
      ]
    }

    /// What speakers write of their announcements.
    static func statuses(in namespace: String) -> [Followed] {
      [.objects(ServiceL2Status.self, in: namespace), .objects(ServiceBGPStatus.self, in: namespace)]
    }
  }

  /// Takes a look, and with --watch further ones, for as long as it runs; returns what the last one says.
  ///
  /// A first look that fails ends the command; of a later one that does, standard error tells.
  func looking(
    by client: KubernetesClient, at followed: [Followed], _ look: () async throws -> Bool
  ) async throws -> Bool {
    let start = Time.now
    if self.isOn, Terminal.isInteractive { FileDescriptors.say("\u{1B}[2J") }
    var isWell = try await look()
    guard self.isOn else { return isWell }
    var logger = Logger(label: "watch")
    logger.logLevel = .critical
    var funnel = WatchFunnel<LookSchedule>(client, logger: logger)
    for (kind, entry) in followed.enumerated() { entry.follow(&funnel, kind) }
    let schedule = LookSchedule(every: .seconds(self.interval), firstTook: Time.now - start, at: Time.now)
    await funnel.run(schedule) { _ in
      do {
        isWell = try await look()
      } catch {
        FileDescriptors.say("metallb: \(error)\n", to: 2)
      }
    }
    return isWell
  }
}
