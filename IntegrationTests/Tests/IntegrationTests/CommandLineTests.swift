import Foundation
import Harness
import Testing

extension Everything.Aside.Tours {
  /// The command line as people meet it: as kubectl's plugin, completed by their shells, on a terminal, watching.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(3)))
  struct CommandLineTests {
    let lab: Lab
    let kubectl: Kubectl
    /// A directory with the program under the names that kubectl looks for.
    let directory: URL

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      self.directory = Workspace.current.newDirectory("plugins")
      for name in ["metallb", "kubectl-metallb", "kubectl_complete-metallb"] {
        try FileManager.default.createSymbolicLink(
          atPath: self.directory.appendingPathComponent(name).path, withDestinationPath: try Tool.metallb())
      }
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.42.0/30"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web"), Manifest.service("web"))
      try await self.lab.awaitAddress("192.168.42.0", of: "web")
    }

    private var environment: [String: String] {
      let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
      return [
        "PATH": "\(self.directory.path):\(path)", "KUBECONFIG": self.lab.kubeconfig, "TERM": "xterm", "NO_COLOR": "",
      ]
    }

    private func metallb(_ arguments: String...) async throws -> Output {
      try await run([try Tool.metallb()] + arguments + ["--kubeconfig", self.lab.kubeconfig], within: .seconds(30))
    }

    /// Runs a script by a shell, with the program in its PATH.
    private func shell(_ shell: String..., script: String) async throws -> Output {
      try await ChildProcess(shell + [script], environment: self.environment).output(within: .seconds(60))
    }

    @Test func `kubectl runs it as its plugin, and completes it`() async throws {
      let list = try await self.kubectl.run("plugin", "list", environment: self.environment)
      #expect(list.out.contains("kubectl-metallb"), "\(list)")
      let help = try await self.kubectl.run("metallb", "status", "pools", "--help", environment: self.environment)
      #expect(help.out.contains("USAGE: kubectl metallb status pools"), "\(help)")
      let pools = try await self.kubectl.run(
        "metallb", "status", "pools", "-n", "metallb-system", environment: self.environment)
      #expect(pools.out.contains("192.168.42.0/30  1 of 4"), "\(pools)")
      // A name without a namespace is of the context's, as everywhere in kubectl.
      try await eventually("a node announces it", within: .seconds(20)) {
        try await self.kubectl.run("metallb", "explain", "service", "web", "-o", "name", environment: self.environment)
      } isRight: { explained in
        explained.code == 0 && self.lab.nodes.contains { explained.out == "\($0)\n" }
      }

      func completion(_ words: String...) async throws -> [String] {
        let output = try await self.kubectl.start(["__complete", "metallb"] + words, environment: self.environment)
          .output(within: .seconds(30)).expectSuccess()
        return output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
      }
      #expect(try await completion("st") == ["status", ":4"])
      #expect(
        try await completion("status", "") == [
          "all", "pools", "services", "nodes", "l2", "bgp", "problems", ":4",
        ])
      // What cannot be read within two seconds is not offered: a busy machine is asked again.
      try await eventually("a Service is offered", equals: ["default/web", ":4"]) {
        try await completion("explain", "service", "def")
      }
      try await eventually("the nodes are offered", equals: self.lab.nodes + [":4"]) {
        try await completion("drain", "")
      }
      #expect(try await completion("status", "-o", "") == ["text", "wide", "json", "yaml", "name", ":4"])
      #expect(try await completion("check", "-f", "") == [":0"])
      #expect(try await completion("status", "--no-c") == ["--no-color", ":4"])
    }

    @Test func `bash, zsh and fish complete commands and options, and names in the cluster`() async throws {
      // What bash does on a tabulator, without a terminal.
      let bash = try await self.shell(
        "bash", "--norc", "-c",
        script: """
          source <(metallb completion bash) || exit 1
          complete -p metallb || exit 1
          tab() {
            COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            COMP_TYPE=9 COMP_KEY=9 _metallb metallb "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}" || true
            echo "$*|${COMPREPLY[*]}"
          }
          tab metallb stat
          tab metallb status po
          tab metallb status pools --no-
          tab metallb explain service def
          """)
      for line in [
        "metallb stat|status", "metallb status po|pools", "metallb status pools --no-|--no-color",
        "metallb explain service def|default/web",
      ] {
        #expect(bash.out.split(separator: "\n").contains { $0.trimmingSuffix(" ") == line }, "\(line): \(bash)")
      }
      let fish = try await self.shell(
        "fish", "--no-config", "-c",
        script: """
          metallb completion fish | source
          complete -C 'metallb stat'
          complete -C 'metallb status pools -o w'
          """)
      #expect(fish.out.contains("status\t") && fish.out.contains("wide\t"), "\(fish)")
      let zsh = try await self.shell(
        "zsh", "-f", "-c",
        script: """
          autoload -U compinit && compinit -D -u && source <(metallb completion zsh) && compdef _metallb metallb \\
            && zmodload zsh/zpty || exit 1
          zpty shell zsh -f -i
          zpty -w shell 'PS1=; unset zle_bracketed_paste; autoload -U compinit && compinit -D -u'
          zpty -w shell 'source <(metallb completion zsh); compdef _metallb metallb; echo be""gin'
          zpty -r -m shell text '*begin*'
          zpty -w -n shell $'metallb explain service def\\t'
          zpty -r -m shell text '*default/web*' && print -- "$text"
          """)
      #expect(zsh.out.contains("default/web"), "\(zsh)")
    }

    @Test func `watching follows the objects, and a terminal is drawn anew`() async throws {
      let watch = try ChildProcess(
        [try Tool.metallb(), "status", "services", "--watch", "--interval", "3600", "-o", "name"],
        environment: self.environment)
      defer { watch.signal(SIGKILL) }
      try await eventually("the first look", within: .seconds(20)) {
        watch.standardOutput
      } isRight: {
        $0 == "default/web\n"
      }
      // Not before the lists are through, from when on changes count.
      try await Task.sleep(for: .seconds(3))
      try await self.kubectl.apply(Manifest.service("later"))
      try await eventually("what came is told soon, not in an hour", within: .seconds(10)) {
        watch.standardOutput
      } isRight: {
        $0.contains("default/later\n")
      }
      func terminal(_ flags: String, variables: String = "") async throws -> String {
        let script = "stty cols 100 rows 30; \(variables) timeout 30 metallb status --watch --interval 1 \(flags)"
        let terminal = try ChildProcess(["script", "-qec", script, "/dev/null"], environment: self.environment)
        let page = try await eventually("a page is drawn, and drawn anew") {
          terminal.standardOutput
        } isRight: {
          $0.components(separatedBy: "Pools").count > 2
        }
        await terminal.stop()
        return page
      }
      let coloured = try await terminal("")
      #expect(coloured.contains("\u{1B}[H") && coloured.contains("\u{1B}[1mPools"), "\(coloured)")
      for plain in [try await terminal("--no-color"), try await terminal("", variables: "NO_COLOR=1")] {
        #expect(plain.contains("\u{1B}[H") && plain.contains("Pools") && !plain.contains("\u{1B}[1m"), "\(plain)")
      }
    }

    @Test func `an address is told whose it is`() async throws {
      let used = try await self.metallb("explain", "address", "192.168.42.0")
      #expect(used.code == 0 && used.out.contains("Service default/web, from pool pool"), "\(used)")
      let free = try await self.metallb("explain", "address", "192.168.42.3")
      #expect(free.code == 1 && free.out.contains("pool (192.168.42.0/30), and nobody has it"), "\(free)")
      #expect(try await self.metallb("explain", "address", "300.1.1.1").code == 64)
    }

    @Test func `traps of the cluster are told with object, field and remedy`() async throws {
      func resource(_ group: String, _ plural: String, _ kind: String) -> String {
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: \(plural).\(group)}
        spec:
          group: \(group)
          scope: Cluster
          names: {plural: \(plural), singular: \(kind.lowercased()), kind: \(kind), listKind: \(kind)List}
          versions:
          - name: v1
            served: true
            storage: true
            schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
        """
      }
      let calico = "crd.projectcalico.org"
      try await self.kubectl.apply(resource(calico, "bgppeers", "BGPPeer"), resource(calico, "ippools", "IPPool"))
      try await self.kubectl(
        "wait", "--for=condition=Established", "crd/bgppeers.\(calico)", "crd/ippools.\(calico)", "--timeout=20s")
      let address = try await self.kubectl(
        "get", "node", self.lab.nodes[0], "--output=jsonpath={.status.addresses[?(@.type=='InternalIP')].address}"
      ).split(separator: " ").first { !$0.contains(":") }
      try await self.kubectl.apply(
        Manifest.pool("nodes", try #require(address) + "/32"), Manifest.pool("pods", "10.77.0.0/28"),
        """
        apiVersion: \(calico)/v1
        kind: BGPPeer
        metadata: {name: tor}
        spec: {peerIP: 198.18.0.77, asNumber: 64513}
        ---
        apiVersion: \(calico)/v1
        kind: IPPool
        metadata: {name: default-pool}
        spec: {cidr: 10.77.0.0/16}
        ---
        apiVersion: metallb.io/v1beta2
        kind: BGPPeer
        metadata: {name: rack, namespace: metallb-system}
        spec: {myASN: 64512, peerASN: 64513, peerAddress: 198.18.0.77}
        ---
        apiVersion: apps/v1
        kind: DaemonSet
        metadata:
          name: svclb-web-1234
          namespace: kube-system
          labels: {svccontroller.k3s.cattle.io/svcname: web, svccontroller.k3s.cattle.io/svcnamespace: default}
        spec:
          selector: {matchLabels: {app: svclb-web}}
          template:
            metadata: {labels: {app: svclb-web}}
            spec: {nodeSelector: {none: here}, containers: [{name: lb, image: klipper}]}
        """)
      let label = "node.kubernetes.io/exclude-from-external-load-balancers"
      try await self.kubectl("label", "nodes", "--all", "\(label)=")
      let check = try await self.metallb("check")
      let strict = try await self.metallb("check", "--strict", "-o", "name")
      let status = try await self.metallb("status", "problems")
      try await self.kubectl("label", "nodes", "--all", "\(label)-")
      try await self.kubectl("delete", "daemonset/svclb-web-1234", "--namespace=kube-system")
      try await self.kubectl("delete", "crd/bgppeers.\(calico)", "crd/ippools.\(calico)")
      #expect(check.code == 0 && strict.code == 1, "warnings count only where they are to: \(check) \(strict)")
      for (object, words) in [
        ("IPAddressPool/metallb-system/nodes", "holds addresses of nodes"),
        ("IPAddressPool/metallb-system/pods", "Calico's IPPool default-pool"),
        ("BGPPeer/metallb-system/rack", "speaks BGP with the same router"),
        ("DaemonSet/kube-system/svclb-web-1234", "k3s' ServiceLB is on"),
        ("Node/\(self.lab.nodes[0])", "every node has this label"),
      ] {
        #expect(strict.out.split(separator: "\n").contains { $0 == object }, "\(object): \(strict)")
        for output in [check, status] {
          let text = output.out.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
          #expect(text.contains(words), "\(words): \(output)")
        }
      }
      let sound = try await self.metallb("check", "-o", "name")
      #expect(!sound.out.contains("DaemonSet") && !sound.out.contains("Node/"), "\(sound)")
    }
  }
}

extension Substring {
  fileprivate func trimmingSuffix(_ character: Character) -> Substring {
    var text = self
    while text.last == character { text.removeLast() }
    return text
  }
}
