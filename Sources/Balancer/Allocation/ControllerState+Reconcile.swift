import KubernetesModel
import Primitives

/// The decision on one Service (contract section 9.3).
extension ControllerState {
  /// A decision: how the Service stands, and what it waits for if it is to be tried again.
  private struct Verdict {
    var standing: Standing
    var want: Waiters.Want?

    init(_ standing: Standing, until want: Waiters.Want? = nil) {
      self.standing = standing
      self.want = want
    }
  }

  /// Decides on a Service and notes what that means for its status; idempotent.
  mutating func reconcile(_ key: ObjectKey) {
    guard let view = self.entries[key]?.view else { return }
    self.decisions += 1
    let verdict = self.decide(on: view)
    self.settle(key, verdict.standing)
    if let want = verdict.want {
      self.waiters.add(key, for: want, sharing: view.sharing)
    } else {
      self.waiters.remove(key)
    }
    switch verdict.standing {
    case .kept: self.bystanders.insert(key)
    case .unmanaged: if !view.shownAddresses.isEmpty { self.bystanders.insert(key) }
    case .satisfied: self.entries[key]?.forgetFailures()
    default: break
    }
    self.requestWrite(of: key)
    self.dropIfIrrelevant(key)
  }

  /// Takes over the addresses in the status of a Service, if they may be kept, without deciding anything else.
  mutating func adopt(_ key: ObjectKey) {
    guard let view = self.entries[key]?.view, self.allocator.allocation(of: key) == nil else { return }
    guard self.isManaged(view) else { return self.reserve(view) }
    guard view.isLoadBalancer, let request = try? AllocationRequest(view) else { return }
    let addresses = view.ingressTexts.compactMap { IPAddress($0) }.filter { request.families.contains($0.family) }
    if !addresses.isEmpty { _ = try? self.allocator.assign(addresses, to: request) }
  }

  /// Whether a Service is of the load-balancer class that this controller is for.
  func isManaged(_ view: ServiceView) -> Bool {
    view.loadBalancerClass == self.settings.loadBalancerClass
  }

  private mutating func decide(on view: ServiceView) -> Verdict {
    let key = view.key
    self.bystanders.remove(key)
    guard self.isManaged(view) else {
      self.reserve(view)
      return Verdict(.unmanaged)
    }
    guard view.isLoadBalancer else {
      self.allocator.release(key)
      return Verdict(.notLoadBalancer)
    }
    guard !view.clusterIPs.isEmpty else {
      self.allocator.release(key)
      return Verdict(.waiting(.noClusterIPs))
    }
    if view.policy == .requireDualStack, view.clusterIPs.count < 2 {
      let error = AllocationError.notEnoughClusterIPs(view.clusterIPs)
      self.tell(view, .warning, Note.notEnoughClusterIPs, error.description)
      self.allocator.release(key)
      return Verdict(.waiting(error))
    }
    do {
      let request = try AllocationRequest(view)
      return self.decide(on: view, as: request)
    } catch {
      if view.ingressTexts.isEmpty, self.allocator.allocation(of: key) == nil {
        return self.fail(view, .families(error))
      }
      self.tell(
        view, .warning, Note.noClusterIPsFamily,
        "Failed to retrieve ClusterIPs IPFamily for \(GoText.quoted(list: view.clusterIPs)) \(view.clusterIP): "
          + error.description)
      return Verdict(.kept(.families(error)))
    }
  }

  private mutating func decide(on view: ServiceView, as request: AllocationRequest) -> Verdict {
    if let failure = self.takeOver(view, as: request) {
      self.reserve(view)
      self.tell(
        view, .warning, Note.addressKept,
        "keeping \(GoText.quoted(list: view.ingressTexts)) although its pool is not valid now: \(failure)")
      return Verdict(.kept(failure))
    }
    if let allocation = self.allocator.allocation(of: view.key) {
      return self.improve(allocation, of: view, as: request)
    }
    let wish = self.wish(of: view)
    guard !self.configuration.pools.isEmpty else { return self.fail(view, .noPools, until: self.want(wish, request)) }
    do {
      try self.grant(wish, to: view, as: request)
    } catch {
      return self.fail(view, error, until: self.want(wish, request))
    }
    guard let allocation = self.allocator.allocation(of: view.key) else { return Verdict(.waiting(.noneAvailable)) }
    return self.improve(allocation, of: view, as: request)
  }

  /// Brings the allocation in line with the addresses that the Service has now: those of its status or, while a write is
  /// pending or if somebody wiped the status, those that it was given.
  ///
  /// Of addresses whose family the Service no longer has, the others stay. Returns why what the status says must be left
  /// alone although nothing allows it.
  private mutating func takeOver(_ view: ServiceView, as request: AllocationRequest) -> AllocationError? {
    let claimed = self.allocator.allocation(of: view.key)?.addresses ?? []
    var current = claimed
    if claimed.isEmpty || !self.isUnsettled(view.key) {
      let published = self.published(by: view)
      if !published.isEmpty { current = published }
    }
    current = current.filter { request.families.contains($0.family) }
    guard !current.isEmpty else {
      self.allocator.release(view.key)
      return nil
    }
    do {
      try self.allocator.assign(current, to: request)
    } catch {
      if case .notInConfiguration = error, self.mayBelongToUnusablePool(view) { return error }
      self.tell(
        view, .normal, Note.clearAssignment,
        "current IP for \"\(view.key)\" not allowed by config, will attempt for new IP assignment: \(error)")
      if current == claimed || claimed.isEmpty || (try? self.allocator.assign(claimed, to: request)) == nil {
        self.allocator.release(view.key)
      }
    }
    return nil
  }

  /// Meets what the Service asks for beyond the addresses that it has; what works is kept until that can be met
  /// (contract section 21.11).
  private mutating func improve(
    _ allocation: Allocation, of view: ServiceView, as request: AllocationRequest
  ) -> Verdict {
    let wish = self.wish(of: view)
    let requested: [IPAddress]
    switch wish.addresses {
    case .success(let addresses): requested = addresses
    case .failure(let failure):
      self.tell(view, .warning, Note.loadBalancerFailed, "invalid requested loadbalancer IPs: \(failure)")
      return Verdict(.incomplete(.request(failure)))
    }
    let hasOtherAddresses = !requested.isEmpty && Set(requested) != Set(allocation.addresses)
    let hasOtherPool = wish.pool != nil && wish.pool != allocation.pool
    let lacksSecond =
      requested.isEmpty && request.families == .dual && request.policy != .singleStack
      && allocation.addresses.count == 1
    if !hasOtherAddresses, !hasOtherPool {
      return lacksSecond ? self.complete(allocation, of: view, as: request) : Verdict(.satisfied)
    }
    return self.exchange(for: wish, of: view, as: request)
  }

  /// Adds the address of the other family, from the same pool; one that insists on two may take both from elsewhere.
  private mutating func complete(
    _ allocation: Allocation, of view: ServiceView, as request: AllocationRequest
  ) -> Verdict {
    do {
      let additional = try self.allocator.allocateAdditional(request)
      self.tell(view, .normal, Note.ipAllocated, "Assigned additional IP \"\(additional)\"", again: true)
      return Verdict(.satisfied)
    } catch {
      if request.policy == .preferDualStack {
        self.tell(
          view, .normal, Note.additionalFailed, "cannot assign additional IP in PreferDualStack: \(error)")
        let missing = allocation.addresses.first?.family == .ipv4 ? FamilyNeed.ipv6 : .ipv4
        return Verdict(.incomplete(error), until: .pools([allocation.pool], need: missing))
      }
    }
    return self.exchange(for: self.wish(of: view), of: view, as: request)
  }

  /// Gives the Service what it asks for if that can be had; else it keeps what it has.
  private mutating func exchange(for wish: Wish, of view: ServiceView, as request: AllocationRequest) -> Verdict {
    do {
      try self.grant(wish, to: view, as: request)
      return Verdict(.satisfied)
    } catch {
      self.tellFailed(view, error)
      return Verdict(.incomplete(error), until: self.want(wish, request))
    }
  }

  /// What a Service asks for, as far as that exists.
  private struct Wish {
    /// Empty = any.
    var addresses: Result<[IPAddress], ServiceView.RequestFailure>
    /// Nil = any.
    var pool: String?
  }

  /// Reads what the Service asks for; a pool that does not exist counts only if the settings say so.
  private mutating func wish(of view: ServiceView) -> Wish {
    guard let pool = view.requestedPool else { return Wish(addresses: view.requested) }
    if self.configuration.pools[pool] != nil || self.settings.unknownPool == .fail {
      return Wish(addresses: view.requested, pool: pool)
    }
    self.tell(
      view, .warning, Note.unknownPool,
      "unknown pool \(GoText.quoted(pool)): the request has no effect until there is an IPAddressPool of this name")
    return Wish(addresses: view.requested)
  }

  /// Gives the Service what it asks for, instead of what it has, and tells it the addresses in the order of the request.
  private mutating func grant(
    _ wish: Wish, to view: ServiceView, as request: AllocationRequest
  ) throws(AllocationError) {
    var granted: [IPAddress]
    switch wish.addresses {
    case .success(let addresses): granted = addresses
    case .failure(let failure): throw .request(failure)
    }
    if !granted.isEmpty {
      guard (try? ServiceFamilies(of: granted)) == request.families else { throw .otherFamily(granted) }
      let owner = try self.allocator.check(granted, for: request)
      if let pool = wish.pool, pool != owner { throw .otherPool(granted, requested: pool) }
      try self.allocator.assign(granted.sorted(), to: request)
    } else if let pool = wish.pool {
      granted = try self.allocator.allocate(request, from: pool).addresses
    } else {
      granted = try self.allocator.allocate(request).addresses
    }
    self.tell(view, .normal, Note.ipAllocated, "Assigned IP \(GoText.quoted(list: granted))", again: true)
  }

  /// What could help a Service that does not have what it asks for.
  private func want(_ wish: Wish, _ request: AllocationRequest) -> Waiters.Want? {
    guard case .success(let requested) = wish.addresses else { return nil }
    if !requested.isEmpty { return .addresses(requested) }
    let pools = wish.pool.map { [$0] } ?? self.allocator.selectablePools(for: request)
    return .pools(pools, need: FamilyNeed(request))
  }

  /// The addresses in the status; none, with a word to the user, if they cannot be those of a Service.
  private mutating func published(by view: ServiceView) -> [IPAddress] {
    let texts = view.ingressTexts
    guard !texts.isEmpty else { return [] }
    do {
      _ = try ServiceFamilies(of: texts)
      return texts.compactMap { IPAddress($0) }
    } catch {
      self.tell(
        view, .warning, Note.noIngressFamily,
        "Failed to retrieve LBIPs IPFamily for \(GoText.quoted(list: texts)): \(error)")
      return []
    }
  }

  /// Whether the pool of the addresses in the status may be one that exists but was never seen in a valid form.
  private func mayBelongToUnusablePool(_ view: ServiceView) -> Bool {
    guard !view.ingressTexts.isEmpty else { return false }
    guard let pool = view.allocatedFromPool else { return !self.configuration.unusable.isEmpty }
    return self.configuration.unusable.contains(pool)
  }

  /// Sees to it that addresses that are left alone, such as those of a Service that is not ours, are given to nobody
  /// (contract section 21.8).
  private mutating func reserve(_ view: ServiceView) {
    let addresses = view.ingressTexts.compactMap { IPAddress($0) }
      .filter { self.allocator.pool(owning: $0) != nil }
    let request = AllocationRequest(service: view.key, labels: view.labels)
    if addresses.isEmpty || (try? self.allocator.reserve(addresses, for: request)) == nil {
      self.allocator.release(view.key)
    }
  }

  private mutating func fail(
    _ view: ServiceView, _ error: AllocationError, until want: Waiters.Want? = nil
  ) -> Verdict {
    self.tellFailed(view, error)
    return Verdict(.waiting(error), until: want)
  }
}
