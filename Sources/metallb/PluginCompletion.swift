import ArgumentParser
import FoundationEssentials
import KubernetesModel
import Runner

/// What kubectl is told when it asks its plugin how a command line could go on: a candidate a line, and last a directive, as
/// kubectl's own completion has it (kubectl 1.26 and later).
enum PluginCompletion {
  /// Of the last line: no file names besides what is offered.
  private static let noFiles = ":4"
  /// File names, as nothing better is known.
  private static let files = ":0"

  /// `words` are those behind `kubectl metallb`, the last one unfinished.
  static func run(_ words: [String]) async {
    guard let tool = self.tool, let last = words.last else { return FileDescriptors.say(self.noFiles + "\n") }
    let place = CommandGrammar(tool).place(of: words.dropLast())
    var candidates: [(word: String, meaning: String)] = []
    var directive = self.noFiles
    switch place {
    case .value(let values, let isFile):
      candidates = values.map { ($0, "") }
      if isFile { directive = self.files }
    case .names(let kind):
      let names: [String] =
        switch kind {
        case .service: await NameCompletion.services(words)
        case .node: await NameCompletion.nodes(words)
        case .context: NameCompletion.contexts(words)
        }
      candidates = names.map { ($0, "") }
    case .words(let words, let flags):
      candidates = last.hasPrefix("-") ? flags : words
    }
    let lines = candidates.filter { $0.word.hasPrefix(last) }.map {
      $0.meaning.isEmpty ? $0.word : "\($0.word)\t\($0.meaning)"
    }
    FileDescriptors.say((lines + [directive]).map { $0 + "\n" }.joined())
  }

  /// The whole command line as ArgumentParser describes it.
  private static var tool: JSONValue? {
    try? JSONDecoder().decode(JSONValue.self, from: Data(MetalLB._dumpHelp().utf8))["command"]
  }
}
