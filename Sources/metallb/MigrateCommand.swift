import ArgumentParser
import Balancer
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Lab

/// `metallb migrate`: the ConfigMap of MetalLB 0.8 to 0.12 as objects. Flags, files and texts are those of upstream's
/// `configmaptocrs` (contract section 17), and the command goes by that name as well.
struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Turns the ConfigMap of MetalLB 0.8 to 0.12 into objects.",
    discussion: """
      Reads --source in --input-dir and writes resources.yaml there, or to standard output. With --from-cluster the \
      ConfigMap is read from the cluster. Exits with 1 and writes nothing if something is wrong with it. As long as the \
      first objects have not been there for five seconds, the ConfigMap stays in force beside them: apply the file as a \
      whole, and no Service loses its address.
      """,
    aliases: ["configmaptocrs"])

  @Option(help: "The file with the ConfigMap, in --input-dir.")
  var source = "./config.yaml"

  @Flag(help: "The file holds only the text under the ConfigMap's key config.")
  var onlyData = false

  @Flag(help: "Write to standard output.")
  var stdout = false

  @Option(help: "Where the file is, and where resources.yaml is written.")
  var inputDir = "/var/input"

  @Flag(help: "Read the ConfigMap from the cluster.")
  var fromCluster = false

  @OptionGroup var cluster: ClusterOptions

  /// What stops the conversion; the sentences are upstream's where it has one.
  enum Failure: Error, CustomStringConvertible {
    case unsafePath(String)
    case unreadable(String)
    case notYAML(String)
    case notAConfigMap
    case missing(ObjectKey)

    var description: String {
      switch self {
      case .unsafePath(let path): "unsafe path \(path)"
      case .unreadable(let path): "failed to open file \(path): open \(path): no such file or directory"
      case .notYAML(let reason): reason
      case .notAConfigMap: "not a configmap"
      case .missing(let key): "there is no ConfigMap \(key)"
      }
    }
  }

  func run() async throws {
    let (conversion, problems): (LegacyConversion?, [Problem])
    do {
      (conversion, problems) = try await self.conversion()
    } catch {
      throw CommandFailure.exit("failed to generate resources: \(error)")
    }
    for problem in problems where problem.severity != .invalid {
      FileDescriptors.say("\(problem.field): \(problem.message). \(problem.remedy)\n", to: 2)
    }
    let failures = problems.filter { $0.severity == .invalid }
    guard failures.isEmpty, let conversion else {
      for failure in failures {
        FileDescriptors.say("failed to generate resources: \(failure.message)\n", to: 2)
        if !failure.field.isEmpty { FileDescriptors.say("  at \(failure.field): \(failure.remedy)\n", to: 2) }
      }
      throw ExitCode.failure
    }
    let documents = try conversion.documents { object throws(APIError) in try object.document() }
    let text =
      try MigratedDocument.header
      + documents.map { try $0.yamlText() + MigratedDocument.separator }.joined()
    guard !self.stdout else { return FileDescriptors.say(text) }
    let path = "\(self.inputDir)/resources.yaml"
    do {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
      throw CommandFailure.exit("failed to create output file: \(path): \(error)")
    }
  }

  private func conversion() async throws -> (LegacyConversion?, [Problem]) {
    let map = self.fromCluster ? try await self.clusterMap() : try self.fileMap()
    if let problem = map.contentProblem { return (nil, [problem]) }
    let conversion = map.conversion(naming: .fitting, namespace: map.key.namespace)
    return (conversion, conversion?.problems(of: map.key) ?? [])
  }

  private func clusterMap() async throws -> LegacyConfigMap {
    try await self.cluster.withClient { client in
      let key = ObjectKey(namespace: self.cluster.resolvedNamespace, name: self.cluster.config)
      do {
        return LegacyConfigMap(try await client.get(ConfigMap.self, key), parse: YAMLText.document)
      } catch let error as APIError where error.isNotFound {
        throw Failure.missing(key)
      }
    }
  }

  private func fileMap() throws(Failure) -> LegacyConfigMap {
    let text = try self.fileText()
    let namespace = self.cluster.resolvedNamespace
    if self.onlyData {
      let object = ConfigMap(
        metadata: ObjectMeta(name: self.cluster.config, namespace: namespace), data: ["config": text])
      return LegacyConfigMap(object, parse: YAMLText.document)
    }
    let documents: [JSONValue]
    do throws(YAMLText.Failure) {
      documents = try YAMLText.documents(text)
    } catch {
      throw .notYAML(error.description)
    }
    guard let document = documents.first, document["kind"]?.string == ConfigMap.type.kind,
      var object = try? ConfigMap(document: document)
    else { throw .notAConfigMap }
    if (object.metadata.namespace ?? "").isEmpty { object.metadata.namespace = namespace }
    return LegacyConfigMap(object, parse: YAMLText.document)
  }

  /// The text of the source, which must not lie outside of the input directory.
  private func fileText() throws(Failure) -> String {
    var parts: [Substring] = []
    for part in self.source.split(separator: "/") where part != "." {
      guard part == ".." else {
        parts.append(part)
        continue
      }
      guard parts.popLast() != nil else { throw .unsafePath(self.source) }
    }
    let path = "\(self.inputDir)/\(parts.joined(separator: "/"))"
    guard let bytes = BlockingFiles.read(path) else { throw .unreadable(path) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
