import Balancer
import KubernetesClient
import KubernetesModel

/// Brings together what `metallb status` tells: what the processes say of themselves, and the objects of the cluster.
struct ClusterStatusReader {
  let options: StatusOptions
  let client: KubernetesClient
  /// The one Service that is meant; nil = all.
  var service: ObjectKey?

  private var namespace: String { self.options.cluster.resolvedNamespace }

  /// What changes it.
  var followed: [WatchOptions.Followed] {
    WatchOptions.Followed.configuration(in: self.namespace) + WatchOptions.Followed.statuses(in: self.namespace) + [
      .objects(Service.self), .objects(Node.self), .objects(Pod.self, in: self.namespace),
      .objects(BGPSessionState.self, in: self.namespace),
    ]
  }

  func read() async throws(APIError) -> ClusterStatus {
    let asker = StatusReader(
      client: self.client, namespace: self.namespace, port: self.options.port.statusPort,
      selection: ("service", self.service?.description))
    let pods = try await asker.pods()
    async let controllers = asker.ask(pods.controllers, as: ControllerStatus.self)
    async let speakers = asker.ask(pods.speakers, as: SpeakerStatus.self)
    let reader = ClusterReader(client: self.client, namespace: self.namespace, configMap: self.options.cluster.config)
    var notes: [String] = []
    // Who may not read some of it still learns the rest.
    let configuration = await Self.configuration(reader, &notes)
    let nodes = try? await reader.objects(Node.self)
    let services = await Self.objects(Service.self, reader, in: nil, &notes)
    let layer2 = await Self.objects(ServiceL2Status.self, reader, in: self.namespace, &notes)
    let bgp = await Self.objects(ServiceBGPStatus.self, reader, in: self.namespace, &notes)
    let surroundings = await SurroundingsReader(reader: reader, loadBalancerClass: self.options.loadBalancerClass.given)
      .read(configuration: configuration ?? ConfigurationObjects(), services: services, nodes: nodes)
    return ClusterStatus(
      controllers: await controllers, speakers: await speakers, pools: configuration?.pools ?? [],
      services: self.service.map { key in services.filter { $0.key == key } } ?? services, layer2: layer2, bgp: bgp,
      nodes: (nodes ?? []).map(NodeView.init), advertisements: configuration,
      loadBalancerClass: surroundings.loadBalancerClass,
      warnings: ClusterTraps.problems(in: surroundings, parse: YAMLText.document), namespace: self.namespace,
      notes: notes)
  }

  private static func configuration(_ reader: ClusterReader, _ notes: inout [String]) async -> ConfigurationObjects? {
    do throws(APIError) {
      return try await reader.configuration().objects
    } catch {
      notes.append("the configuration cannot be read: \(error)")
      return nil
    }
  }

  private static func objects<R: KubernetesResource>(
    _ type: R.Type, _ reader: ClusterReader, in namespace: String?, _ notes: inout [String]
  ) async -> [R] {
    do throws(APIError) {
      return try await reader.objects(type, in: namespace)
    } catch {
      notes.append("the objects of kind \(R.type.kind) cannot be read: \(error)")
      return []
    }
  }
}
