import Testing
@testable import KubernetesModel
@Test func stubKubernetesModel() {}
