import KubernetesModel

extension ClusterStatus {
  /// For machines: everything that the processes said as they said it, and what it comes to.
  package var json: JSONValue {
    [
      "version": .integer(Int64(SpeakerStatus.currentVersion)), "well": .bool(self.isWell),
      "pools": self.poolsJSON,
      "services": .array(self.exposures.map(\.json)), "controllers": .array(self.controllers.map(\.json)),
      "speakers": .array(self.speakers.map(\.json)), "problems": .array(self.problems.map { .string($0) }),
      "findings": self.findingsJSON, "warnings": .array(self.warnings.map(\.json)), "notes": self.notesJSON,
    ]
  }

  var notesJSON: JSONValue { .array((self.notes + self.silences).map { .string($0) }) }

  /// The problems once more, each with what to do.
  var findingsJSON: JSONValue {
    .array(
      self.findings.map { finding in
        var value: JSONValue = ["problem": .string(finding.sentence)]
        value["remedy"] = finding.remedy.map { .string($0) }
        return value
      })
  }

  var poolsJSON: JSONValue {
    .array(
      self.pools.map { pool in
        var value: JSONValue = [
          "name": .string(pool.key.name), "addresses": .array(pool.spec.addresses.map { .string($0) }),
          "autoAssign": .bool(pool.spec.autoAssign != false),
        ]
        if let status = pool.status {
          value["status"] = [
            "assignedIPv4": .integer(status.assignedIPv4), "assignedIPv6": .integer(status.assignedIPv6),
            "availableIPv4": .integer(status.availableIPv4), "availableIPv6": .integer(status.availableIPv6),
          ]
        }
        value["services"] = self.told(of: pool).map { .integer(Int64($0.services)) }
        value["advertisements"] = self.advertisements[pool.key.name].map { .array($0.map { .string($0) }) }
        return value
      })
  }
}

extension ClusterStatus.Exposure {
  var json: JSONValue {
    var value: JSONValue = [
      "namespace": .string(self.service.namespace), "name": .string(self.service.name),
      "addresses": .array(self.addresses.map { .string($0) }),
      "announcers": .array(
        self.announcers.map { announcer in
          var value: JSONValue = [
            "node": .string(announcer.node), "protocol": .string(announcer.announcingProtocol.rawValue),
          ]
          value["seconds"] = announcer.seconds.map { .number($0) }
          if announcer.announcingProtocol == .bgp {
            value["peers"] = .array(announcer.peers.map { .string($0) })
            value["unheardBy"] = .array(announcer.unheardBy.map { .string($0) })
          }
          value["next"] = announcer.next.map { .string($0) }
          return value
        }),
    ]
    value["pool"] = self.pool.map { .string($0) }
    value["reason"] = self.reason.map { .string($0) }
    if self.isForeign { value["foreign"] = true }
    return value
  }
}
