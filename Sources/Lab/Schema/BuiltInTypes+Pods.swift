extension BuiltInTypes {
  /// Pods and all that they contain.
  static let pods = """
    core.v1.LocalObjectReference atomic
      name:string=1 default()
    core.v1.Pod
      metadata:meta.v1.ObjectMeta=1 spec:core.v1.PodSpec=2 status:core.v1.PodStatus=3
    core.v1.PodSpec
      volumes:[core.v1.Volume]=1 map(name) merge(name) retainKeys
      initContainers:[core.v1.Container]=20 map(name) merge(name)
      containers:[core.v1.Container]=2 map(name) merge(name) required
      ephemeralContainers:[any]=34 map(name) merge(name) restartPolicy:string=3 enum(Always,Never,OnFailure)
      terminationGracePeriodSeconds:int64=4 optional activeDeadlineSeconds:int64=5 optional
      dnsPolicy:string=6 enum(ClusterFirst,ClusterFirstWithHostNet,Default,None) nodeSelector:{string}=7 atomic
      serviceAccountName:string=8 serviceAccount:string=9 automountServiceAccountToken:bool=21 optional
      nodeName:string=10 hostNetwork:bool=11 hostPID:bool=12 hostIPC:bool=13 shareProcessNamespace:bool=27 optional
      securityContext:core.v1.PodSecurityContext=14
      imagePullSecrets:[core.v1.LocalObjectReference]=15 map(name) merge(name) hostname:string=16 subdomain:string=17
      affinity:core.v1.Affinity=18 schedulerName:string=19 tolerations:[core.v1.Toleration]=22
      hostAliases:[core.v1.HostAlias]=23 map(ip) merge(ip) priorityClassName:string=24 priority:int32=25 optional
      dnsConfig:core.v1.PodDNSConfig=26 readinessGates:[core.v1.PodReadinessGate]=28
      runtimeClassName:string=29 optional enableServiceLinks:bool=30 optional
      preemptionPolicy:string=31 optional enum(Never,PreemptLowerPriority) overhead:{quantity}=32
      topologySpreadConstraints:[core.v1.TopologySpreadConstraint]=33 map(topologyKey,whenUnsatisfiable)
      merge(topologyKey)
      setHostnameAsFQDN:bool=35 optional os:core.v1.PodOS=36 hostUsers:bool=37 optional
      schedulingGates:[core.v1.PodSchedulingGate]=38 map(name) merge(name)
      resourceClaims:[any]=39 map(name) merge(name) retainKeys resources:core.v1.ResourceRequirements=40
      hostnameOverride:string=41 optional schedulingGroup:any=43
    core.v1.Volume
      name:string=1 required ...core.v1.VolumeSource=2
    core.v1.VolumeSource
      hostPath:core.v1.HostPathVolumeSource=1 emptyDir:core.v1.EmptyDirVolumeSource=2 gcePersistentDisk:any=3
      awsElasticBlockStore:any=4 gitRepo:any=5 secret:core.v1.SecretVolumeSource=6 nfs:core.v1.NFSVolumeSource=7
      iscsi:any=8 glusterfs:any=9 persistentVolumeClaim:core.v1.PersistentVolumeClaimVolumeSource=10 rbd:any=11
      flexVolume:any=12 cinder:any=13 cephfs:any=14 flocker:any=15 downwardAPI:core.v1.DownwardAPIVolumeSource=16
      fc:any=17 azureFile:any=18 configMap:core.v1.ConfigMapVolumeSource=19 vsphereVolume:any=20 quobyte:any=21
      azureDisk:any=22 photonPersistentDisk:any=23 projected:core.v1.ProjectedVolumeSource=26 portworxVolume:any=24
      scaleIO:any=25 storageos:any=27 csi:core.v1.CSIVolumeSource=28 ephemeral:any=29
      image:core.v1.ImageVolumeSource=30
    core.v1.HostPathVolumeSource
      path:string=1 required
      type:string=2 optional enum(,BlockDevice,CharDevice,Directory,DirectoryOrCreate,File,FileOrCreate,Socket)
    core.v1.EmptyDirVolumeSource
      medium:string=1 sizeLimit:quantity=2
    core.v1.SecretVolumeSource
      secretName:string=1 items:[core.v1.KeyToPath]=2 defaultMode:int32=3 optional optional:bool=4 optional
    core.v1.KeyToPath
      key:string=1 required path:string=2 required mode:int32=3 optional
    core.v1.NFSVolumeSource
      server:string=1 required path:string=2 required readOnly:bool=3
    core.v1.PersistentVolumeClaimVolumeSource
      claimName:string=1 required readOnly:bool=2
    core.v1.DownwardAPIVolumeSource
      items:[core.v1.DownwardAPIVolumeFile]=1 defaultMode:int32=2 optional
    core.v1.DownwardAPIVolumeFile
      path:string=1 required fieldRef:core.v1.ObjectFieldSelector=2 resourceFieldRef:core.v1.ResourceFieldSelector=3
      mode:int32=4 optional
    core.v1.ObjectFieldSelector atomic
      apiVersion:string=1 fieldPath:string=2 required
    core.v1.ResourceFieldSelector atomic
      containerName:string=1 resource:string=2 required divisor:quantity=3
    core.v1.ConfigMapVolumeSource
      ...core.v1.LocalObjectReference=1 items:[core.v1.KeyToPath]=2 defaultMode:int32=3 optional
      optional:bool=4 optional
    core.v1.ProjectedVolumeSource
      sources:[core.v1.VolumeProjection]=1 defaultMode:int32=2 optional
    core.v1.VolumeProjection
      secret:core.v1.SecretProjection=1 downwardAPI:core.v1.DownwardAPIProjection=2
      configMap:core.v1.ConfigMapProjection=3 serviceAccountToken:core.v1.ServiceAccountTokenProjection=4
      clusterTrustBundle:any=5 podCertificate:any=6
    core.v1.SecretProjection
      ...core.v1.LocalObjectReference=1 items:[core.v1.KeyToPath]=2 optional:bool=4 optional
    core.v1.DownwardAPIProjection
      items:[core.v1.DownwardAPIVolumeFile]=1
    core.v1.ConfigMapProjection
      ...core.v1.LocalObjectReference=1 items:[core.v1.KeyToPath]=2 optional:bool=4 optional
    core.v1.ServiceAccountTokenProjection
      audience:string=1 expirationSeconds:int64=2 optional path:string=3 required
    core.v1.CSIVolumeSource
      driver:string=1 required readOnly:bool=2 optional fsType:string=3 optional volumeAttributes:{string}=4
      nodePublishSecretRef:core.v1.LocalObjectReference=5
    core.v1.ImageVolumeSource
      reference:string=1 pullPolicy:string=2 enum(Always,IfNotPresent,Never)
    core.v1.Container
      name:string=1 required image:string=2 command:[string]=3 args:[string]=4 workingDir:string=5
      ports:[core.v1.ContainerPort]=6 map(containerPort,protocol) merge(containerPort)
      envFrom:[core.v1.EnvFromSource]=19 env:[core.v1.EnvVar]=7 map(name) merge(name)
      resources:core.v1.ResourceRequirements=8 resizePolicy:[core.v1.ContainerResizePolicy]=23
      restartPolicy:string=24 optional restartPolicyRules:[core.v1.ContainerRestartRule]=25
      volumeMounts:[core.v1.VolumeMount]=9 map(mountPath) merge(mountPath)
      volumeDevices:[core.v1.VolumeDevice]=21 map(devicePath) merge(devicePath) livenessProbe:core.v1.Probe=10
      readinessProbe:core.v1.Probe=11 startupProbe:core.v1.Probe=22 lifecycle:core.v1.Lifecycle=12
      terminationMessagePath:string=13 terminationMessagePolicy:string=20 enum(FallbackToLogsOnError,File)
      imagePullPolicy:string=14 enum(Always,IfNotPresent,Never) securityContext:core.v1.SecurityContext=15
      stdin:bool=16 stdinOnce:bool=17 tty:bool=18
    core.v1.ContainerPort
      name:string=1 hostPort:int32=2 containerPort:int32=3 required protocol:string=4 default(TCP) enum(SCTP,TCP,UDP)
      hostIP:string=5
    core.v1.EnvFromSource
      prefix:string=1 configMapRef:core.v1.ConfigMapEnvSource=2 secretRef:core.v1.SecretEnvSource=3
    core.v1.ConfigMapEnvSource
      ...core.v1.LocalObjectReference=1 optional:bool=2 optional
    core.v1.SecretEnvSource
      ...core.v1.LocalObjectReference=1 optional:bool=2 optional
    core.v1.EnvVar
      name:string=1 required value:string=2 valueFrom:core.v1.EnvVarSource=3
    core.v1.EnvVarSource
      fieldRef:core.v1.ObjectFieldSelector=1 resourceFieldRef:core.v1.ResourceFieldSelector=2
      configMapKeyRef:core.v1.ConfigMapKeySelector=3 secretKeyRef:core.v1.SecretKeySelector=4 fileKeyRef:any=5
    core.v1.ConfigMapKeySelector atomic
      ...core.v1.LocalObjectReference=1 key:string=2 required optional:bool=3 optional
    core.v1.SecretKeySelector atomic
      ...core.v1.LocalObjectReference=1 key:string=2 required optional:bool=3 optional
    core.v1.ResourceRequirements
      limits:{quantity}=1 requests:{quantity}=2 claims:[any]=3 map(name)
    core.v1.ContainerResizePolicy
      resourceName:string=1 required restartPolicy:string=2 required
    core.v1.ContainerRestartRule
      action:string=1 exitCodes:core.v1.ContainerRestartRuleOnExitCodes=2
    core.v1.ContainerRestartRuleOnExitCodes
      operator:string=1 values:[int32]=2 set
    core.v1.VolumeMount
      name:string=1 required readOnly:bool=2 recursiveReadOnly:string=7 optional mountPath:string=3 required
      subPath:string=4 mountPropagation:string=5 optional enum(Bidirectional,HostToContainer,None)
      subPathExpr:string=6
    core.v1.VolumeDevice
      name:string=1 required devicePath:string=2 required
    core.v1.Probe
      ...core.v1.ProbeHandler=1 initialDelaySeconds:int32=2 timeoutSeconds:int32=3 periodSeconds:int32=4
      successThreshold:int32=5 failureThreshold:int32=6 terminationGracePeriodSeconds:int64=7 optional
    core.v1.ProbeHandler
      exec:core.v1.ExecAction=1 httpGet:core.v1.HTTPGetAction=2 tcpSocket:core.v1.TCPSocketAction=3
      grpc:core.v1.GRPCAction=4
    core.v1.ExecAction
      command:[string]=1
    core.v1.HTTPGetAction
      path:string=1 port:intOrString=2 required host:string=3 scheme:string=4 enum(HTTP,HTTPS)
      httpHeaders:[core.v1.HTTPHeader]=5
    core.v1.HTTPHeader
      name:string=1 required value:string=2 required
    core.v1.TCPSocketAction
      port:intOrString=1 required host:string=2
    core.v1.GRPCAction
      port:int32=1 required service:string=2 optional default()
    core.v1.Lifecycle
      postStart:core.v1.LifecycleHandler=1 preStop:core.v1.LifecycleHandler=2
      stopSignal:string=3 optional
    core.v1.LifecycleHandler
      exec:core.v1.ExecAction=1 httpGet:core.v1.HTTPGetAction=2 tcpSocket:core.v1.TCPSocketAction=3
      sleep:core.v1.SleepAction=4
    core.v1.SleepAction
      seconds:int64=1 required
    core.v1.SecurityContext
      capabilities:core.v1.Capabilities=1 privileged:bool=2 optional seLinuxOptions:core.v1.SELinuxOptions=3
      windowsOptions:any=10 runAsUser:int64=4 optional runAsGroup:int64=8 optional runAsNonRoot:bool=5 optional
      readOnlyRootFilesystem:bool=6 optional allowPrivilegeEscalation:bool=7 optional
      procMount:string=9 optional enum(Default,Unmasked) seccompProfile:core.v1.SeccompProfile=11
      appArmorProfile:core.v1.AppArmorProfile=12
    core.v1.Capabilities
      add:[string]=1 drop:[string]=2
    core.v1.SELinuxOptions
      user:string=1 role:string=2 type:string=3 level:string=4
    core.v1.SeccompProfile
      type:string=1 required enum(Localhost,RuntimeDefault,Unconfined) localhostProfile:string=2 optional
    core.v1.AppArmorProfile
      type:string=1 required enum(Localhost,RuntimeDefault,Unconfined) localhostProfile:string=2 optional
    core.v1.PodSecurityContext
      seLinuxOptions:core.v1.SELinuxOptions=1 windowsOptions:any=8 runAsUser:int64=2 optional
      runAsGroup:int64=6 optional runAsNonRoot:bool=3 optional supplementalGroups:[int64]=4
      supplementalGroupsPolicy:string=12 optional enum(Merge,Strict) fsGroup:int64=5 optional
      sysctls:[core.v1.Sysctl]=7 fsGroupChangePolicy:string=9 optional enum(Always,OnRootMismatch)
      seccompProfile:core.v1.SeccompProfile=10 appArmorProfile:core.v1.AppArmorProfile=11
      seLinuxChangePolicy:string=13 optional
    core.v1.Sysctl
      name:string=1 required value:string=2 required
    core.v1.Affinity
      nodeAffinity:core.v1.NodeAffinity=1 podAffinity:core.v1.PodAffinity=2 podAntiAffinity:core.v1.PodAntiAffinity=3
    core.v1.NodeAffinity
      requiredDuringSchedulingIgnoredDuringExecution:core.v1.NodeSelector=1
      preferredDuringSchedulingIgnoredDuringExecution:[core.v1.PreferredSchedulingTerm]=2
    core.v1.NodeSelector atomic
      nodeSelectorTerms:[core.v1.NodeSelectorTerm]=1 required
    core.v1.NodeSelectorTerm atomic
      matchExpressions:[core.v1.NodeSelectorRequirement]=1 matchFields:[core.v1.NodeSelectorRequirement]=2
    core.v1.NodeSelectorRequirement
      key:string=1 required operator:string=2 required enum(DoesNotExist,Exists,Gt,In,Lt,NotIn) values:[string]=3
    core.v1.PreferredSchedulingTerm
      weight:int32=1 required preference:core.v1.NodeSelectorTerm=2 required
    core.v1.PodAffinity
      requiredDuringSchedulingIgnoredDuringExecution:[core.v1.PodAffinityTerm]=1
      preferredDuringSchedulingIgnoredDuringExecution:[core.v1.WeightedPodAffinityTerm]=2
    core.v1.PodAffinityTerm
      labelSelector:meta.v1.LabelSelector=1 namespaces:[string]=2 topologyKey:string=3 required
      namespaceSelector:meta.v1.LabelSelector=4 matchLabelKeys:[string]=5 mismatchLabelKeys:[string]=6
    core.v1.WeightedPodAffinityTerm
      weight:int32=1 required podAffinityTerm:core.v1.PodAffinityTerm=2 required
    core.v1.PodAntiAffinity
      requiredDuringSchedulingIgnoredDuringExecution:[core.v1.PodAffinityTerm]=1
      preferredDuringSchedulingIgnoredDuringExecution:[core.v1.WeightedPodAffinityTerm]=2
    core.v1.Toleration
      key:string=1 operator:string=2 enum(Equal,Exists,Gt,Lt) value:string=3
      effect:string=4 enum(NoExecute,NoSchedule,PreferNoSchedule) tolerationSeconds:int64=5 optional
    core.v1.HostAlias
      ip:string=1 required hostnames:[string]=2
    core.v1.PodDNSConfig
      nameservers:[string]=1 searches:[string]=2 options:[core.v1.PodDNSConfigOption]=3
    core.v1.PodDNSConfigOption
      name:string=1 value:string=2 optional
    core.v1.PodReadinessGate
      conditionType:string=1 required
    core.v1.TopologySpreadConstraint
      maxSkew:int32=1 required topologyKey:string=2 required
      whenUnsatisfiable:string=3 required enum(DoNotSchedule,ScheduleAnyway) labelSelector:meta.v1.LabelSelector=4
      minDomains:int32=5 optional nodeAffinityPolicy:string=6 optional enum(Honor,Ignore)
      nodeTaintsPolicy:string=7 optional enum(Honor,Ignore) matchLabelKeys:[string]=8
    core.v1.PodOS
      name:string=1 required
    core.v1.PodSchedulingGate
      name:string=1 required
    core.v1.PodStatus
      observedGeneration:int64=17 phase:string=1 enum(Failed,Pending,Running,Succeeded,Unknown)
      conditions:[core.v1.PodCondition]=2 map(type) merge(type) message:string=3 reason:string=4
      nominatedNodeName:string=11 hostIP:string=5 hostIPs:[core.v1.HostIP]=16 merge(ip) podIP:string=6
      podIPs:[core.v1.PodIP]=12 map(ip) merge(ip) startTime:time=7 initContainerStatuses:[core.v1.ContainerStatus]=10
      containerStatuses:[core.v1.ContainerStatus]=8 qosClass:string=9 enum(BestEffort,Burstable,Guaranteed)
      ephemeralContainerStatuses:[core.v1.ContainerStatus]=13 resize:string=14
      resourceClaimStatuses:[any]=15 map(name) merge(name) retainKeys extendedResourceClaimStatus:any=18
      allocatedResources:{quantity}=19 resources:core.v1.ResourceRequirements=20
      nodeAllocatableResourceClaimStatuses:[core.v1.NodeAllocatableResourceClaimStatus]=21
    core.v1.PodCondition
      type:string=1 required observedGeneration:int64=7 status:string=2 required lastProbeTime:time=3
      lastTransitionTime:time=4 reason:string=5 message:string=6
    core.v1.HostIP
      ip:string=1 required
    core.v1.PodIP
      ip:string=1 required
    core.v1.ContainerStatus
      name:string=1 required state:core.v1.ContainerState=2 lastState:core.v1.ContainerState=3 ready:bool=4 required
      restartCount:int32=5 required image:string=6 required imageID:string=7 required containerID:string=8
      started:bool=9 optional allocatedResources:{quantity}=10 resources:core.v1.ResourceRequirements=11
      volumeMounts:[any]=12 map(mountPath) merge(mountPath) user:any=13
      allocatedResourcesStatus:[any]=14 map(name) merge(name)
      stopSignal:string=15 optional
    core.v1.ContainerState
      waiting:core.v1.ContainerStateWaiting=1 running:core.v1.ContainerStateRunning=2
      terminated:core.v1.ContainerStateTerminated=3
    core.v1.ContainerStateWaiting
      reason:string=1 message:string=2
    core.v1.ContainerStateRunning
      startedAt:time=1
    core.v1.ContainerStateTerminated
      exitCode:int32=1 required signal:int32=2 reason:string=3 message:string=4 startedAt:time=5 finishedAt:time=6
      containerID:string=7
    core.v1.NodeAllocatableResourceClaimStatus
      resourceClaimName:string=1 required containers:[string]=2 set resources:{quantity}=3 required
    """
}
