import KubernetesModel
import Primitives

/// The reasons of the Events of the controller (contract section 5); the last five are ours, where upstream is silent.
enum Note {
  static let ipAllocated = "IPAllocated"
  static let allocationFailed = "AllocationFailed"
  static let clearAssignment = "ClearAssignment"
  static let loadBalancerFailed = "LoadBalancerFailed"
  static let additionalFailed = "AdditionalAssignFailed"
  static let notEnoughClusterIPs = "not enough clusterips"
  static let noIngressFamily = "nolbIPsIPFamily"
  static let noClusterIPsFamily = "noclusterIPsIPFamily"
  static let deprecatedAnnotation = "deprecatedAnnotation"
  static let unknownPool = "UnknownPool"
  static let addressKept = "AddressKept"
  static let noMatchingAdvertisement = "NoMatchingAdvertisement"
  static let invalidConfiguration = "InvalidConfiguration"
  static let configurationWarning = "ConfigurationWarning"
}

/// What the user is told.
extension ControllerState {
  /// Tells the user of a Service something, unless that was the last that was told for this reason.
  mutating func tell(
    _ view: ServiceView, _ type: EventNote.Kind, _ reason: String, _ message: String, again: Bool = false
  ) {
    guard again || self.entries[view.key]?.told[reason] != message else { return }
    self.entries[view.key]?.told[reason] = again ? nil : message
    self.actions.append(
      .emit(EventNote(object: view.reference, type: type, reason: reason, message: message)))
  }

  mutating func tellFailed(_ view: ServiceView, _ error: AllocationError) {
    self.tell(
      view, .warning, Note.allocationFailed, "Failed to allocate IP for \"\(view.key)\": \(error)")
  }

  /// Says why nothing happens to a Service before there is a valid pool.
  mutating func announceDelay(of key: ObjectKey) {
    guard let view = self.entries[key]?.view, self.isManaged(view), view.isLoadBalancer else { return }
    if view.ingressTexts.isEmpty {
      self.settle(key, .waiting(.noPools))
      self.tellFailed(view, .noPools)
    } else {
      self.settle(key, .kept(.noPools))
      self.tell(
        view, .warning, Note.addressKept,
        "keeping \(GoText.quoted(list: view.ingressTexts)) until there is a valid IPAddressPool")
    }
  }

  /// Reports the problems of the configuration if they changed, and tells each new one on its object.
  mutating func report() {
    guard self.isLoaded else { return }
    let problems = self.configuration.problems + self.advertisementProblems
    guard problems != self.reported else { return }
    let known = Set(self.reported ?? [])
    self.reported = problems
    self.actions.append(.report(problems))
    for problem in problems where !known.contains(problem) {
      self.actions.append(
        .emit(
          EventNote(
            object: self.reference(of: problem), type: .warning,
            reason: problem.severity == .warning ? Note.configurationWarning : Note.invalidConfiguration,
            message: "\(problem.message). \(problem.remedy)")))
    }
  }

  private func reference(of problem: Problem) -> ObjectReference {
    if problem.kind == IPAddressPool.type.kind, let object = self.configuration.object(of: problem.key) {
      return ObjectReference(to: object)
    }
    return ObjectReference(
      apiVersion: IPAddressPool.type.apiVersion, kind: problem.kind, namespace: problem.key.namespace,
      name: problem.key.name, uid: self.advertisementIdentities[problem.key])
  }
}
