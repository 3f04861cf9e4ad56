extension BuiltInTypes {
  /// Namespaces, configuration, services, endpoints, events and nodes.
  static let core = """
    core.v1.Namespace
      metadata:meta.v1.ObjectMeta=1 spec:core.v1.NamespaceSpec=2 status:core.v1.NamespaceStatus=3
    core.v1.NamespaceSpec
      finalizers:[string]=1
    core.v1.NamespaceStatus
      phase:string=1 enum(Active,Terminating) conditions:[core.v1.NamespaceCondition]=2 map(type) merge(type)
    core.v1.NamespaceCondition
      type:string=1 required status:string=2 required lastTransitionTime:time=4 reason:string=5 message:string=6
    core.v1.ConfigMap
      metadata:meta.v1.ObjectMeta=1 immutable:bool=4 optional data:{string}=2 binaryData:{bytes}=3
    core.v1.Secret
      metadata:meta.v1.ObjectMeta=1 immutable:bool=5 optional data:{bytes}=2 stringData:{string}=4 type:string=3
    core.v1.Service
      metadata:meta.v1.ObjectMeta=1 spec:core.v1.ServiceSpec=2 status:core.v1.ServiceStatus=3
    core.v1.ServiceSpec
      ports:[core.v1.ServicePort]=1 map(port,protocol) merge(port) selector:{string}=2 atomic clusterIP:string=3
      clusterIPs:[string]=18 type:string=4 enum(ClusterIP,ExternalName,LoadBalancer,NodePort) externalIPs:[string]=5
      sessionAffinity:string=7 enum(ClientIP,None) loadBalancerIP:string=8 loadBalancerSourceRanges:[string]=9
      externalName:string=10 externalTrafficPolicy:string=11 enum(Cluster,Local) healthCheckNodePort:int32=12
      publishNotReadyAddresses:bool=13 sessionAffinityConfig:core.v1.SessionAffinityConfig=14
      ipFamilies:[string]=19 enum(,IPv4,IPv6)
      ipFamilyPolicy:string=17 optional enum(PreferDualStack,RequireDualStack,SingleStack)
      allocateLoadBalancerNodePorts:bool=20 optional loadBalancerClass:string=21 optional
      internalTrafficPolicy:string=22 optional enum(Cluster,Local) trafficDistribution:string=23 optional
    core.v1.ServicePort
      name:string=1 protocol:string=2 default(TCP) enum(SCTP,TCP,UDP) appProtocol:string=6 optional
      port:int32=3 required targetPort:intOrString=4 nodePort:int32=5
    core.v1.SessionAffinityConfig
      clientIP:core.v1.ClientIPConfig=1
    core.v1.ClientIPConfig
      timeoutSeconds:int32=1 optional
    core.v1.ServiceStatus
      loadBalancer:core.v1.LoadBalancerStatus=1 conditions:[meta.v1.Condition]=2 map(type) merge(type)
    core.v1.LoadBalancerStatus
      ingress:[core.v1.LoadBalancerIngress]=1
    core.v1.LoadBalancerIngress
      ip:string=1 hostname:string=2 ipMode:string=3 optional ports:[core.v1.PortStatus]=4
    core.v1.PortStatus
      port:int32=1 required protocol:string=2 required enum(SCTP,TCP,UDP) error:string=3 optional
    core.v1.ServiceAccount
      metadata:meta.v1.ObjectMeta=1 secrets:[core.v1.ObjectReference]=2 map(name) merge(name)
      imagePullSecrets:[core.v1.LocalObjectReference]=3 automountServiceAccountToken:bool=4 optional
    core.v1.ObjectReference atomic
      kind:string=1 namespace:string=2 name:string=3 uid:string=4 apiVersion:string=5 resourceVersion:string=6
      fieldPath:string=7
    core.v1.Node
      metadata:meta.v1.ObjectMeta=1 spec:core.v1.NodeSpec=2 status:core.v1.NodeStatus=3
    core.v1.NodeSpec
      podCIDR:string=1 podCIDRs:[string]=7 set merge providerID:string=3 unschedulable:bool=4 taints:[core.v1.Taint]=5
      configSource:any=6 externalID:string=2
    core.v1.Taint
      key:string=1 required value:string=2 effect:string=3 required enum(NoExecute,NoSchedule,PreferNoSchedule)
      timeAdded:time=4
    core.v1.NodeStatus
      capacity:{quantity}=1 allocatable:{quantity}=2 phase:string=3 enum(Pending,Running,Terminated)
      conditions:[core.v1.NodeCondition]=4 map(type) merge(type)
      addresses:[core.v1.NodeAddress]=5 map(type) merge(type) daemonEndpoints:core.v1.NodeDaemonEndpoints=6
      nodeInfo:core.v1.NodeSystemInfo=7 images:[core.v1.ContainerImage]=8 volumesInUse:[string]=9
      volumesAttached:[any]=10 config:any=11 runtimeHandlers:[core.v1.NodeRuntimeHandler]=12
      features:core.v1.NodeFeatures=13 declaredFeatures:[string]=14
    core.v1.NodeCondition
      type:string=1 required status:string=2 required lastHeartbeatTime:time=3 lastTransitionTime:time=4
      reason:string=5 message:string=6
    core.v1.NodeAddress
      type:string=1 required address:string=2 required
    core.v1.NodeDaemonEndpoints
      kubeletEndpoint:core.v1.DaemonEndpoint=1
    core.v1.DaemonEndpoint
      Port:int32=1 required
    core.v1.NodeSystemInfo
      machineID:string=1 required systemUUID:string=2 required bootID:string=3 required
      kernelVersion:string=4 required osImage:string=5 required containerRuntimeVersion:string=6 required
      kubeletVersion:string=7 required kubeProxyVersion:string=8 required operatingSystem:string=9 required
      architecture:string=10 required swap:any=11
    core.v1.ContainerImage
      names:[string]=1 sizeBytes:int64=2
    core.v1.NodeRuntimeHandler
      name:string=1 features:core.v1.NodeRuntimeHandlerFeatures=2
    core.v1.NodeRuntimeHandlerFeatures
      recursiveReadOnlyMounts:bool=1 optional userNamespaces:bool=2 optional
    core.v1.NodeFeatures
      supplementalGroupsPolicy:bool=1 optional
    core.v1.Event
      metadata:meta.v1.ObjectMeta=1 required involvedObject:core.v1.ObjectReference=2 required reason:string=3
      message:string=4 source:core.v1.EventSource=5 firstTimestamp:time=6 lastTimestamp:time=7 count:int32=8
      type:string=9 eventTime:microTime=10 series:core.v1.EventSeries=11 action:string=12
      related:core.v1.ObjectReference=13 reportingComponent:string=14 reportingInstance:string=15
    core.v1.EventSource
      component:string=1 host:string=2
    core.v1.EventSeries
      count:int32=1 lastObservedTime:microTime=2
    core.v1.Endpoints
      metadata:meta.v1.ObjectMeta=1 subsets:[core.v1.EndpointSubset]=2
    core.v1.EndpointSubset
      addresses:[core.v1.EndpointAddress]=1 notReadyAddresses:[core.v1.EndpointAddress]=2
      ports:[core.v1.EndpointPort]=3
    core.v1.EndpointAddress atomic
      ip:string=1 required hostname:string=3 nodeName:string=4 optional targetRef:core.v1.ObjectReference=2
    core.v1.EndpointPort atomic
      name:string=1 port:int32=2 required protocol:string=3 enum(SCTP,TCP,UDP) appProtocol:string=4 optional
    core.v1.PodTemplateSpec
      metadata:meta.v1.ObjectMeta=1 spec:core.v1.PodSpec=2
    discovery.v1.EndpointSlice
      metadata:meta.v1.ObjectMeta=1 addressType:string=4 required endpoints:[discovery.v1.Endpoint]=2
      ports:[discovery.v1.EndpointPort]=3
    discovery.v1.Endpoint
      addresses:[string]=1 set required conditions:discovery.v1.EndpointConditions=2 hostname:string=3 optional
      targetRef:core.v1.ObjectReference=4 deprecatedTopology:{string}=5 nodeName:string=6 optional
      zone:string=7 optional hints:discovery.v1.EndpointHints=8
    discovery.v1.EndpointConditions
      ready:bool=1 optional serving:bool=2 optional terminating:bool=3 optional
    discovery.v1.EndpointHints
      forZones:[discovery.v1.ForZone]=1 forNodes:[discovery.v1.ForNode]=2
    discovery.v1.ForZone
      name:string=1 required
    discovery.v1.ForNode
      name:string=1 required
    discovery.v1.EndpointPort atomic
      name:string=1 optional protocol:string=2 optional enum(SCTP,TCP,UDP) port:int32=3 optional
      appProtocol:string=4 optional
    events.v1.Event
      metadata:meta.v1.ObjectMeta=1 eventTime:microTime=2 required series:events.v1.EventSeries=3
      reportingController:string=4 reportingInstance:string=5 action:string=6 reason:string=7
      regarding:core.v1.ObjectReference=8 related:core.v1.ObjectReference=9 note:string=10 type:string=11
      deprecatedSource:core.v1.EventSource=12 deprecatedFirstTimestamp:time=13 deprecatedLastTimestamp:time=14
      deprecatedCount:int32=15
    events.v1.EventSeries
      count:int32=1 required lastObservedTime:microTime=2 required
    """
}
