import KubernetesModel

/// What the flight recorder keeps of events and actions: no secret, and nothing large.
extension ControllerState.Event {
  var cause: DecisionCause {
    switch self {
    case .tick: .time
    case .services(let change): DecisionCause("Service", change, \.key)
    case .refreshed(let view): DecisionCause("Service", view.key, "was read again")
    case .rollCallBegan: DecisionCause("Service", nil, "all are read again")
    case .rollCalled(let view): DecisionCause("Service", view.key, "was read again")
    case .rewound: DecisionCause("Service", nil, "the API server was put back to an earlier state")
    case .pools(let change): DecisionCause("IPAddressPool", change, \.key)
    case .namespaces(let change): DecisionCause("Namespace", change, \.key)
    case .l2Advertisements(let change): DecisionCause("L2Advertisement", change, \.key)
    case .bgpAdvertisements(let change): DecisionCause("BGPAdvertisement", change, \.key)
    case .elected: DecisionCause("this controller", nil, "was elected")
    case .deposed: DecisionCause("this controller", nil, "leads no more")
    case .written(let key, let outcome): DecisionCause("Service", key, outcome.happening)
    case .poolStatusWritten(let key, let outcome): DecisionCause("IPAddressPool", key, outcome.happening)
    }
  }
}

extension ControllerState.Action {
  var decision: Decision {
    switch self {
    case .writeService(let write):
      Decision(
        "writes the addresses of", write.key,
        names: (write.object.status?.loadBalancer?.ingress ?? []).compactMap(\.ip))
    case .writePoolStatus(let write): Decision("writes the status of", write.key)
    case .emit(let note): Decision(note)
    case .report(let problems): Decision.finding(problems)
    }
  }
}

extension WriteOutcome {
  fileprivate var happening: String {
    switch self {
    case .succeeded: "was written"
    case .conflicted: "was changed by somebody else in between"
    case .notFound: "was gone when it was to be written"
    case .failed, .unanswered: "could not be written"
    }
  }
}
