import KubernetesModel

/// A request of the API server to put objects into another version (`apiextensions.k8s.io`), and the answer to it.
package enum ConversionReview {
  static let versions = ["apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1"]

  /// The whole answer to the whole request; nil if it is not a review that could be answered as one.
  package static func answer(to document: JSONValue) -> JSONValue? {
    guard document["kind"]?.string == "ConversionReview", let apiVersion = document["apiVersion"]?.string,
      Self.versions.contains(apiVersion), let request = document["request"], request.object != nil
    else { return nil }
    var response: JSONValue = ["uid": request["uid"] ?? ""]
    do {
      let converted = try Self.convert(request)
      response["convertedObjects"] = .array(converted)
      response["result"] = ["status": "Success"]
    } catch {
      response["convertedObjects"] = []
      response["result"] = ["status": "Failure", "message": .string(error.description)]
    }
    return ["apiVersion": .string(apiVersion), "kind": "ConversionReview", "response": response]
  }

  private static func convert(_ request: JSONValue) throws(PeerConversion.Failure) -> [JSONValue] {
    let version = request["desiredAPIVersion"]?.string ?? ""
    var converted: [JSONValue] = []
    for object in request["objects"]?.array ?? [] {
      converted.append(try PeerConversion.convert(object, to: version))
    }
    return converted
  }
}
