import FoundationEssentials
import KubernetesModel
import Primitives
import Testing

@testable import Controller

@Suite struct MemberlistSecretTests {
  @Test func `the key is the unpadded base64 text of sixteen bytes`() throws {
    var dice = SplitMix64(seed: 1)
    let owner = OwnerReference(apiVersion: "apps/v1", kind: "Deployment", name: "controller", uid: "u")
    let secret = MemberlistSecretCreation.secret(
      ObjectKey(namespace: "metallb-system", name: "memberlist"), owner: owner, using: &dice)
    let stored = try #require(secret.data?["secretkey"])
    let text = String(decoding: try #require(Data(base64Encoded: stored)), as: UTF8.self)
    #expect(text.count == 22)
    #expect(Data(base64Encoded: text + "==")?.count == 16)
    #expect(secret.metadata.ownerReferences == [owner])
    let other = MemberlistSecretCreation.secret(
      ObjectKey(namespace: "metallb-system", name: "memberlist"), owner: nil, using: &dice)
    #expect(other.data != secret.data)
    #expect(other.metadata.ownerReferences == nil)
  }
}
