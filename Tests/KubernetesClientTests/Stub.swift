import Testing
@testable import KubernetesClient
@Test func stubKubernetesClient() {}
