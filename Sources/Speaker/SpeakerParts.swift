import Balancer
import HostNetwork
import KubernetesClient
import Runner

/// The parts of one speaker that runs: what the decisions are told by, and what carries them out.
struct SpeakerParts: Sendable {
  let inbox: Inbox<SpeakerState.Event>
  let window: Window<SpeakerState>
  let tally: UpdateTally
  let recorder: EventRecorder
  /// The thread of the packet sockets.
  let sockets: ReadinessLoop
  let responder: LinkResponder
  let bgp: BGPSpeaker
  let bfd: BFDPeers
  let routers: RouterFinder
  let takeovers: TakeoverLog
}
