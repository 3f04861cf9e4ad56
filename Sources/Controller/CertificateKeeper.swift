import Balancer
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
import Runner
import Serving

/// Keeps the webhooks' certificate: makes it, renews it, shows it, and has the API server trust it.
///
/// The secret is the one truth: every replica shows what is in it, and has the API server trust that. Whoever finds it
/// lacking fills it, on condition that nobody else has in between; the loser of a race sees the winner's by its watch. It
/// looks again at every change of secret, webhook configuration and definition, and every `CertificatePolicy.checkInterval`.
struct CertificateKeeper: Sendable {
  private enum Change: Sendable {
    case secret(ObjectChange<Secret>)
    case configuration(ObjectChange<ValidatingWebhookConfiguration>)
    case definition(ObjectChange<CustomResourceDefinition>)
  }

  /// What is known, and what was said of it.
  private struct Knowledge {
    var secret: Secret?
    var isSecretKnown = false
    var configuration: ValidatingWebhookConfiguration?
    var definition: CustomResourceDefinition?
    var isConfigurationKnown = false
    var isDefinitionKnown = false
    var areObjectsKnown: Bool { self.isConfigurationKnown && self.isDefinitionKnown }
    var complaints: Set<String> = []
  }

  private static let retryInterval = Duration.seconds(2)

  let client: KubernetesClient
  let secret: ObjectKey
  let policy: CertificatePolicy
  let tls: RenewableTLS
  let readiness: WebhookReadiness
  let logger: Logger

  /// Runs until the task is cancelled.
  func run() async {
    let changes = Inbox<Change>(capacity: 16)
    await withTaskGroup(of: Void.self) { group in
      self.addWatchers(to: &group, changes)
      await self.keep(changes)
      group.cancelAll()
    }
  }

  private func addWatchers(to group: inout TaskGroup<Void>, _ changes: Inbox<Change>) {
    group.addTask {
      await Watcher(
        self.client, Secret.self, namespace: self.secret.namespace,
        fieldSelector: "metadata.name=\(self.secret.name)", logger: self.logger
      ).run { await changes.send(.secret($0)) }
    }
    group.addTask {
      await Watcher(
        self.client, ValidatingWebhookConfiguration.self,
        fieldSelector: "metadata.name=\(TrustInjection.webhookConfiguration)", logger: self.logger
      ).run { await changes.send(.configuration($0)) }
    }
    group.addTask {
      await Watcher(
        self.client, CustomResourceDefinition.self, fieldSelector: "metadata.name=\(TrustInjection.definition)",
        logger: self.logger
      ).run { await changes.send(.definition($0)) }
    }
  }

  private func keep(_ changes: Inbox<Change>) async {
    var knowledge = Knowledge()
    var isContent = true
    while !Task.isCancelled {
      let pause = isContent ? self.policy.checkInterval : Self.retryInterval
      if let change = await changes.next(before: Time.now + pause, on: ContinuousClock()) {
        Self.note(change, in: &knowledge)
      }
      guard knowledge.isSecretKnown, !Task.isCancelled else { continue }
      isContent = await self.settle(&knowledge)
    }
  }

  private static func note(_ change: Change, in knowledge: inout Knowledge) {
    switch change {
    case .secret(.applied(let secret)): knowledge.secret = secret
    case .secret(.deleted): knowledge.secret = nil
    case .secret(.synced), .secret(.malformed): knowledge.isSecretKnown = true
    case .configuration(.applied(let object)): knowledge.configuration = object
    case .configuration(.deleted): knowledge.configuration = nil
    case .definition(.applied(let object)): knowledge.definition = object
    case .definition(.deleted): knowledge.definition = nil
    case .configuration(.synced), .configuration(.malformed): knowledge.isConfigurationKnown = true
    case .definition(.synced), .definition(.malformed): knowledge.isDefinitionKnown = true
    }
  }

  /// Brings everything in order, as far as possible at the moment; false = it must be tried again soon.
  private func settle(_ knowledge: inout Knowledge) async -> Bool {
    let now = Date()
    var bundle = knowledge.secret.flatMap { CertificateBundle($0) }
    let finding = CertificateFinding(bundle, in: knowledge.secret)
    let step = self.policy.step(for: finding, at: Timestamp(now))
    var isContent = true
    if step != .keep {
      do {
        let renewed = try self.renewed(bundle, step, at: now)
        knowledge.secret = try await self.write(renewed, over: knowledge.secret)
        bundle = renewed
        self.logger.info(
          "made a certificate for the webhooks",
          metadata: ["secret": "\(self.secret)", "reason": .string(step.reason)])
      } catch {
        isContent = false
        // The loser of a race says nothing: the winner's certificate is on its way.
        if (error as? APIError)?.isConflict != true, (error as? APIError)?.isAlreadyExists != true {
          self.complain("cannot keep a certificate for the webhooks; they are not served", error, &knowledge)
        }
      }
    }
    guard let bundle, let authority = knowledge.secret?.data?[CertificateBundle.authorityField],
      (try? bundle.facts()) != nil
    else { return false }
    do {
      if try self.tls.use(bundle.server) {
        self.logger.info("the webhooks show a new certificate", metadata: ["secret": "\(self.secret)"])
      }
    } catch {
      self.complain("the certificate of the webhooks cannot be used", error, &knowledge)
      return false
    }
    let isTrusted = await self.inject(authority, &knowledge)
    if isTrusted, knowledge.areObjectsKnown { self.readiness.serve() }
    if isContent, isTrusted { knowledge.complaints = [] }
    return isContent && isTrusted
  }

  private func renewed(_ bundle: CertificateBundle?, _ step: CertificateStep, at now: Date) throws -> CertificateBundle
  {
    if case .renewServer = step, let bundle {
      return try bundle.renewingServer(dnsName: self.policy.name, now: now, lifetime: self.policy.lifetime)
    }
    return try CertificateBundle.make(
      authority: CertificatePolicy.authorityName, organization: CertificatePolicy.organization,
      dnsName: self.policy.name, now: now, lifetime: self.policy.lifetime)
  }

  /// Writes the certificates if the secret still is what they were made for.
  private func write(_ bundle: CertificateBundle, over old: Secret?) async throws(APIError) -> Secret {
    guard var secret = old else {
      return try await self.client.create(
        Secret(
          metadata: ObjectMeta(name: self.secret.name, namespace: self.secret.namespace, labels: ["app": "metallb"]),
          type: "Opaque", data: bundle.data), manager: TrustInjection.fieldManager)
    }
    secret.data = (secret.data ?? [:]).merging(bundle.data) { _, new in new }
    return try await self.client.replace(secret, manager: TrustInjection.fieldManager)
  }

  /// Has the API server trust the authority; what is not there needs no trust.
  private func inject(_ authority: String, _ knowledge: inout Knowledge) async -> Bool {
    var isDone = true
    if let object = knowledge.configuration, let patch = TrustInjection.patch(for: object, bundle: authority) {
      do throws(APIError) {
        knowledge.configuration = try await self.client.patch(
          type(of: object), object.key, with: .json(patch), manager: TrustInjection.fieldManager)
        self.logger.info("the API server trusts the webhooks", metadata: ["object": "\(object.key)"])
      } catch {
        isDone = false
        self.complain("cannot have the API server trust the webhooks", error, &knowledge)
      }
    }
    if let object = knowledge.definition, let patch = TrustInjection.patch(for: object, bundle: authority) {
      do throws(APIError) {
        knowledge.definition = try await self.client.patch(
          type(of: object), object.key, with: .json(patch), manager: TrustInjection.fieldManager)
        self.logger.info("the API server trusts the conversion of peers", metadata: ["object": "\(object.key)"])
      } catch {
        isDone = false
        self.complain("cannot have the API server trust the conversion of peers", error, &knowledge)
      }
    }
    return isDone
  }

  /// Says what is wrong, once.
  private func complain(_ what: Logger.Message, _ error: any Error, _ knowledge: inout Knowledge) {
    guard !Task.isCancelled, knowledge.complaints.insert("\(what): \(error)").inserted else { return }
    self.logger.error(what, metadata: ["secret": "\(self.secret)", "reason": "\(error)"])
  }
}

extension CertificateStep {
  fileprivate var reason: String {
    switch self {
    case .keep: ""
    case .renewServer(let reason), .renewAll(let reason): reason
    }
  }
}

extension CertificateFinding {
  init(_ bundle: CertificateBundle?, in secret: Secret?) {
    guard let secret else {
      self = .noSecret
      return
    }
    guard let bundle else {
      let fields = CertificateBundle.fields.filter { secret.data?[$0]?.isEmpty == false }
      self = fields.isEmpty ? .empty : .unusable("the secret lacks some of \(CertificateBundle.fields)")
      return
    }
    do throws(CertificateBundle.Unusable) {
      let facts = try bundle.facts()
      func range(_ dates: Range<Date>) -> Range<Timestamp> { Timestamp(dates.lowerBound)..<Timestamp(dates.upperBound) }
      self = .certificates(
        CertificateFacts(
          authorityValidity: range(facts.authorityValidity), serverValidity: range(facts.serverValidity),
          names: facts.names, authorityCanSign: facts.authorityCanSign))
    } catch {
      self = .unusable(error.description)
    }
  }
}

extension CertificateBundle {
  static let authorityField = "ca.crt"
  static let fields = ["ca.crt", "ca.key", "tls.crt", "tls.key"]

  /// Reads the secret's fields; nil if one is missing or no text.
  init?(_ secret: Secret) {
    func text(_ field: String) -> String? {
      guard let value = secret.data?[field], !value.isEmpty, let bytes = Data(base64Encoded: value) else { return nil }
      return String(validating: bytes, as: UTF8.self)
    }
    guard let authority = text("ca.crt"), let certificate = text("tls.crt"), let key = text("tls.key") else {
      return nil
    }
    self.init(
      authorityCertificatePEM: authority, authorityPrivateKeyPEM: text("ca.key") ?? "",
      server: ServerIdentity(certificatePEM: certificate, privateKeyPEM: key))
  }

  /// The fields of a secret.
  var data: [String: String] {
    func field(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
    return [
      "ca.crt": field(self.authorityCertificatePEM), "ca.key": field(self.authorityPrivateKeyPEM),
      "tls.crt": field(self.server.certificatePEM), "tls.key": field(self.server.privateKeyPEM),
    ]
  }
}

extension Timestamp {
  /// A moment out of reach (a certificate may end in the year 9999 and later) is the farthest that can be written.
  init(_ date: Date) {
    let seconds = max(-4e9, min(date.timeIntervalSince1970, 2.5e11))
    self.init(microseconds: Int64(seconds * 1_000_000))
  }
}
