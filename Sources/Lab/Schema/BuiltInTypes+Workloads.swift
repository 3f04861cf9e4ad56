extension BuiltInTypes {
  /// Deployments, daemon sets, replica sets, scales and leases.
  static let workloads = """
    apps.v1.Deployment
      metadata:meta.v1.ObjectMeta=1 spec:apps.v1.DeploymentSpec=2 status:apps.v1.DeploymentStatus=3
    apps.v1.DeploymentSpec
      replicas:int32=1 optional selector:meta.v1.LabelSelector=2 required template:core.v1.PodTemplateSpec=3 required
      strategy:apps.v1.DeploymentStrategy=4 retainKeys minReadySeconds:int32=5 revisionHistoryLimit:int32=6 optional
      paused:bool=7 progressDeadlineSeconds:int32=9 optional
    apps.v1.DeploymentStrategy
      type:string=1 enum(Recreate,RollingUpdate) rollingUpdate:apps.v1.RollingUpdateDeployment=2
    apps.v1.RollingUpdateDeployment
      maxUnavailable:intOrString=1 maxSurge:intOrString=2
    apps.v1.DeploymentStatus
      observedGeneration:int64=1 replicas:int32=2 updatedReplicas:int32=3 readyReplicas:int32=7
      availableReplicas:int32=4 unavailableReplicas:int32=5 terminatingReplicas:int32=9 optional
      conditions:[apps.v1.DeploymentCondition]=6 map(type) merge(type) collisionCount:int32=8 optional
    apps.v1.DeploymentCondition
      type:string=1 required status:string=2 required lastUpdateTime:time=6 lastTransitionTime:time=7 reason:string=4
      message:string=5
    apps.v1.ReplicaSet
      metadata:meta.v1.ObjectMeta=1 spec:apps.v1.ReplicaSetSpec=2 status:apps.v1.ReplicaSetStatus=3
    apps.v1.ReplicaSetSpec
      replicas:int32=1 optional minReadySeconds:int32=4 selector:meta.v1.LabelSelector=2 required
      template:core.v1.PodTemplateSpec=3
    apps.v1.ReplicaSetStatus
      replicas:int32=1 required fullyLabeledReplicas:int32=2 readyReplicas:int32=4 availableReplicas:int32=5
      terminatingReplicas:int32=7 optional observedGeneration:int64=3
      conditions:[apps.v1.ReplicaSetCondition]=6 map(type) merge(type)
    apps.v1.ReplicaSetCondition
      type:string=1 required status:string=2 required lastTransitionTime:time=3 reason:string=4 message:string=5
    apps.v1.DaemonSet
      metadata:meta.v1.ObjectMeta=1 spec:apps.v1.DaemonSetSpec=2 status:apps.v1.DaemonSetStatus=3
    apps.v1.DaemonSetSpec
      selector:meta.v1.LabelSelector=1 required template:core.v1.PodTemplateSpec=2 required
      updateStrategy:apps.v1.DaemonSetUpdateStrategy=3 minReadySeconds:int32=4 revisionHistoryLimit:int32=6 optional
    apps.v1.DaemonSetUpdateStrategy
      type:string=1 enum(OnDelete,RollingUpdate) rollingUpdate:apps.v1.RollingUpdateDaemonSet=2
    apps.v1.RollingUpdateDaemonSet
      maxUnavailable:intOrString=1 maxSurge:intOrString=2
    apps.v1.DaemonSetStatus
      currentNumberScheduled:int32=1 required numberMisscheduled:int32=2 required
      desiredNumberScheduled:int32=3 required numberReady:int32=4 required observedGeneration:int64=5
      updatedNumberScheduled:int32=6 numberAvailable:int32=7 numberUnavailable:int32=8 collisionCount:int32=9 optional
      conditions:[apps.v1.DaemonSetCondition]=10 map(type) merge(type)
    apps.v1.DaemonSetCondition
      type:string=1 required status:string=2 required lastTransitionTime:time=3 reason:string=4 message:string=5
    coordination.v1.Lease
      metadata:meta.v1.ObjectMeta=1 spec:coordination.v1.LeaseSpec=2
    coordination.v1.LeaseSpec
      holderIdentity:string=1 optional leaseDurationSeconds:int32=2 optional acquireTime:microTime=3
      renewTime:microTime=4 leaseTransitions:int32=5 optional strategy:string=6 optional
      preferredHolder:string=7 optional
    autoscaling.v1.Scale
      metadata:meta.v1.ObjectMeta=1 spec:autoscaling.v1.ScaleSpec=2 status:autoscaling.v1.ScaleStatus=3
    autoscaling.v1.ScaleSpec
      replicas:int32=1 default(0)
    autoscaling.v1.ScaleStatus
      replicas:int32=1 required selector:string=2
    """
}
