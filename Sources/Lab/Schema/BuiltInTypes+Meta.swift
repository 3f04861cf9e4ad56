extension BuiltInTypes {
  /// What every object carries, and the answers without an object.
  static let meta = """
    meta.v1.ObjectMeta
      name:string=1 generateName:string=2 namespace:string=3 selfLink:string=4 uid:string=5 resourceVersion:string=6
      generation:int64=7 creationTimestamp:time=8 deletionTimestamp:time=9
      deletionGracePeriodSeconds:int64=10 optional labels:{string}=11 annotations:{string}=12
      ownerReferences:[meta.v1.OwnerReference]=13 map(uid) merge(uid) finalizers:[string]=14 set merge
      managedFields:[meta.v1.ManagedFieldsEntry]=17
    meta.v1.OwnerReference atomic
      apiVersion:string=5 required kind:string=1 required name:string=3 required uid:string=4 required
      controller:bool=6 optional blockOwnerDeletion:bool=7 optional
    meta.v1.ManagedFieldsEntry
      manager:string=1 operation:string=2 apiVersion:string=3 time:time=4 fieldsType:string=6 fieldsV1:fields=7
      subresource:string=8
    meta.v1.Condition
      type:string=1 required status:string=2 required observedGeneration:int64=3 lastTransitionTime:time=4 required
      reason:string=5 required message:string=6 required
    meta.v1.LabelSelector atomic
      matchLabels:{string}=1 matchExpressions:[meta.v1.LabelSelectorRequirement]=2
    meta.v1.LabelSelectorRequirement
      key:string=1 required operator:string=2 required values:[string]=3
    meta.v1.FieldSelectorRequirement
      key:string=1 required operator:string=2 required values:[string]=3
    meta.v1.Status
      metadata:meta.v1.ListMeta=1 status:string=2 message:string=3 reason:string=4 details:meta.v1.StatusDetails=5
      code:int32=6
    meta.v1.ListMeta
      selfLink:string=1 resourceVersion:string=2 continue:string=3 remainingItemCount:int64=4 optional shardInfo:any=5
    meta.v1.StatusDetails
      name:string=1 group:string=2 kind:string=3 uid:string=6 causes:[meta.v1.StatusCause]=4 retryAfterSeconds:int32=5
    meta.v1.StatusCause
      reason:string=1 message:string=2 field:string=3
    meta.v1.DeleteOptions
      gracePeriodSeconds:int64=1 optional preconditions:meta.v1.Preconditions=2 orphanDependents:bool=3 optional
      propagationPolicy:string=4 optional dryRun:[string]=5
      ignoreStoreReadErrorWithClusterBreakingPotential:bool=6 optional
    meta.v1.Preconditions
      uid:string=1 optional resourceVersion:string=2 optional
    """
}
