import Balancer
import KubernetesModel

/// A cluster at one moment, worked out once for all pages that look at it.
package struct ClusterSnapshot: Sendable {
  /// The cluster, as the page names it.
  package struct Place: Sendable, Hashable {
    /// The URL of the API server.
    package var server: String
    /// Where MetalLB is.
    package var namespace: String
    /// The version of this program.
    package var software: String

    package init(server: String, namespace: String, software: String) {
      self.server = server
      self.namespace = namespace
      self.software = software
    }
  }

  package let place: Place
  package let picture: ClusterPicture
  package let status: ClusterStatus
  /// When all this was so.
  package let time: Timestamp
  let loadBalancerClass: String?
  /// In the order in which they are shown: those with something wrong first.
  let exposures: [(exposure: ClusterStatus.Exposure, standing: ServiceStanding)]
  let problems: [ClusterStatus.Finding]

  package init(of picture: ClusterPicture, in place: Place, loadBalancerClass: String?, at time: Timestamp) {
    self.place = place
    self.picture = picture
    self.time = time
    self.loadBalancerClass = loadBalancerClass
    self.status = ClusterStatus(
      controllers: picture.controllers, speakers: picture.speakers, pools: Array(picture.pools.objects.values),
      services: Array(picture.services.objects.values), layer2: Array(picture.layer2Statuses.objects.values),
      bgp: Array(picture.bgpStatuses.objects.values), loadBalancerClass: loadBalancerClass,
      namespace: place.namespace,
      notes: picture.unreadable.sorted { $0.key < $1.key }.map {
        "objects of kind \($0.key) cannot be read: \($0.value)"
      })
    // They come sorted by name, and a stable sort keeps that.
    let ranked = self.status.exposures.map { ($0, ServiceStanding($0)) }
    self.exposures = (0...3).flatMap { rank in ranked.filter { $0.1.rank == rank } }
    // What has not been read yet is no problem of the cluster.
    self.problems = picture.isComplete ? self.status.findings : []
  }

  /// Whether the first reading is not complete.
  var isLoading: Bool { !self.picture.isComplete }

  /// When something began that was told as seconds ago.
  func since(_ seconds: Double?) -> JSONValue? {
    seconds.map { .integer(self.time.seconds - Int64(max(0, min($0, 1e11)))) }
  }
}
