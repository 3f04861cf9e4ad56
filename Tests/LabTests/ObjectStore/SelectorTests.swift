import KubernetesModel
import Lab
import Testing

@Suite struct SelectorTests {
  @Test(arguments: [
    ("app=web", true), ("app==web", true), ("app=db", false), ("app!=db", true), ("other!=x", true),
    ("app in (web,db)", true), ("app notin (web)", false), ("app", true), ("!app", false), ("!other", true),
    ("app=web,tier=front", true), ("app=web,tier=back", false), ("app in (web),!nope", true), ("", true),
  ])
  func `a label selector of a query selects as kubectl means it`(query: String, matches: Bool) throws {
    #expect(try LabelSelector(query: query).matches(["app": "web", "tier": "front"]) == matches)
  }

  @Test(arguments: [
    ("=x", "found '=', expected: !, identifier, or 'end of string'"),
    ("app in", "unable to parse requirement: found '' expected: '('"),
    ("app=bad value", "found 'value', expected: ',' or 'end of string'"),
  ])
  func `a label selector that cannot be read says where it fails`(query: String, sentence: String) {
    #expect(throws: SelectorError(description: sentence)) { try LabelSelector(query: query) }
  }

  @Test(arguments: [
    ("metadata.name=x", true), ("metadata.name!=x", false), ("spec.type==LoadBalancer", true),
    ("spec.type=LoadBalancer,metadata.name=y", false), ("spec.port=80", true), ("spec.absent=", true),
    ("source=metallb-speaker", true), ("source=kubelet", false),
  ])
  func `a field selector compares the texts of fields`(query: String, matches: Bool) throws {
    let object: JSONValue = [
      "metadata": ["name": "x"], "spec": ["type": "LoadBalancer", "port": 80],
      "source": ["component": "metallb-speaker"],
    ]
    #expect(try FieldSelector(query: query).matches(object) == matches)
  }

  @Test func `a field selector without an operator is refused`() {
    #expect(throws: SelectorError(description: "invalid selector: 'x in (a)'; can't understand 'x in (a)'")) {
      try FieldSelector(query: "x in (a)")
    }
  }
}
