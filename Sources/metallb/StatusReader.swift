import Balancer
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Runner

/// Asks MetalLB's pods for their status or their last decisions, through the API server's proxy: what the user may do
/// there decides.
struct StatusReader {
  /// For one pod.
  private static let limit = Duration.seconds(3)
  /// For all of them; who has not been asked by then is not.
  private static let limitOfAll = Duration.seconds(20)
  /// How many are asked at a time.
  private static let width = 128

  let client: KubernetesClient
  let namespace: String
  /// Of `/status` in the pods.
  let port: Int
  /// What is asked for.
  var path = "status"
  /// What of it is meant, as the name of a parameter and its value.
  var selection: (name: String, value: String?) = ("service", nil)

  /// The pods of controllers and speakers, by the labels of manifest and chart.
  func pods() async throws(APIError) -> (controllers: [Pod], speakers: [Pod]) {
    let pods = try await self.client.list(Pod.self, in: ListScope(namespace: self.namespace)).compactMap { item in
      if case .object(let pod) = item { pod } else { nil }
    }
    func component(_ name: String) -> [Pod] {
      pods.filter { pod in
        let labels = pod.metadata.labels ?? [:]
        return labels["component"] == name || labels["app.kubernetes.io/component"] == name
      }
    }
    return (component("controller"), component("speaker"))
  }

  /// Asks all pods, some at a time; one that does not answer holds up nobody.
  func ask<Status: Decodable & Sendable & Hashable>(
    _ pods: [Pod], as type: Status.Type = Status.self
  ) async -> [ProcessAnswer<Status>] {
    let end = Time.now + Self.limitOfAll
    return await withTaskGroup(of: ProcessAnswer<Status>.self) { group in
      var answers: [ProcessAnswer<Status>] = []
      for (index, pod) in pods.enumerated() {
        if index >= Self.width, let answer = await group.next() { answers.append(answer) }
        group.addTask {
          ProcessAnswer(
            pod: pod.key.name, node: pod.spec?.nodeName ?? "", outcome: await self.outcome(of: pod, before: end))
        }
      }
      for await answer in group { answers.append(answer) }
      return answers
    }
  }

  private func outcome<Status: Decodable & Sendable & Hashable>(
    of pod: Pod, before end: ContinuousClock.Instant
  ) async -> ProcessAnswer<Status>.Outcome {
    let phase = pod.status?.phase ?? "Unknown"
    guard phase == "Running" else { return .down("its pod is \(phase)") }
    guard Time.now < end else { return .silent("there was no time to ask all") }
    let isReady = pod.status?.holds("Ready") ?? false
    let request = APIRequest(
      .get, "\(Pod.type.path(namespace: pod.key.namespace, name: "\(pod.key.name):\(self.port)"))/proxy/\(self.path)",
      query: [("pod", pod.metadata.uid), (self.selection.name, self.selection.value)])
    let client = self.client
    do {
      let raw = try await withTimeout(Self.limit) { try await client.send(request, as: JSONValue.self) }
      return .told(try JSONDecoder().decode(Status.self, from: Data(raw.jsonText)), raw: raw)
    } catch let error as APIError {
      return isReady ? .silent(self.text(of: error)) : .down("its pod is not ready, and \(self.text(of: error))")
    } catch let error as TimeoutError {
      return isReady ? .silent(error.description) : .down("its pod is not ready, and there is \(error.description)")
    } catch {
      return .silent("its answer makes no sense: is it of another version?")
    }
  }

  private func text(of error: APIError) -> String {
    switch error.code {
    case 403 where error.status?.message?.contains("pods/proxy") == true:
      "you may not, as that takes the verb get on pods/proxy in MetalLB's namespace"
    case 404: "it serves no /\(self.path)"
    default: "\(error)"
    }
  }
}
