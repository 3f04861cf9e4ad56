import KubernetesModel
import Testing

@Suite struct LabelSelectorTests {
  private let labels = ["app": "web", "tier": "front"]

  @Test(arguments: [
    (LabelSelector(), true),
    (LabelSelector(matchLabels: ["app": "web"]), true),
    (LabelSelector(matchLabels: ["app": "web", "tier": "back"]), false),
    (LabelSelector(matchExpressions: [.init(key: "app", operator: "In", values: ["api", "web"])]), true),
    (LabelSelector(matchExpressions: [.init(key: "none", operator: "In", values: ["web"])]), false),
    (LabelSelector(matchExpressions: [.init(key: "app", operator: "NotIn", values: ["web"])]), false),
    (LabelSelector(matchExpressions: [.init(key: "none", operator: "NotIn", values: ["web"])]), true),
    (LabelSelector(matchExpressions: [.init(key: "tier", operator: "Exists")]), true),
    (LabelSelector(matchExpressions: [.init(key: "tier", operator: "DoesNotExist")]), false),
    (LabelSelector(matchExpressions: [.init(key: "tier", operator: "Resembles")]), false),
    (LabelSelector(matchLabels: ["app": "web"], matchExpressions: [.init(key: "none", operator: "Exists")]), false),
  ])
  func `all conditions of a selector must hold`(selector: LabelSelector, matches: Bool) {
    #expect(selector.matches(labels) == matches)
  }

  @Test func `selectors in a list are alternatives`() {
    let selectors = [LabelSelector(matchLabels: ["app": "api"]), LabelSelector(matchLabels: ["tier": "front"])]
    #expect(selectors.anyMatches(labels))
    #expect(!selectors.anyMatches(["app": "db"]))
    #expect(![LabelSelector]().anyMatches(labels))
  }
}
