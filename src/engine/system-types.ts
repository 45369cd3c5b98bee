/** What the system operations answer. */

/** GET and HEAD /_ping, all of it from the headers; what a header does not say is absent. */
export type Ping = {
  /** The newest API version that the engine speaks. Absent before 1.24 and behind proxies that remove headers. */
  apiVersion?: string
  /** linux or windows; podman does not say. */
  osType?: string
  /** 1 is the classic builder, 2 BuildKit. Engine 20.10 and later, not podman. */
  builderVersion?: string
  /** Engine 22 and later: inactive, pending, error, locked, active/worker, active/manager. */
  swarm?: string
  experimental: boolean
}

export type SystemVersion = {
  Platform: { Name: string }
  /** The engine first, then containerd, runc and init. */
  Components?: { Name: string; Version: string; Details?: Record<string, string> | null }[]
  Version: string
  ApiVersion: string
  MinAPIVersion?: string
  GitCommit: string
  GoVersion: string
  Os: string
  Arch: string
  KernelVersion?: string
  Experimental?: boolean
  BuildTime?: string
}

export type SystemInfo = {
  ID: string
  Containers: number
  ContainersRunning: number
  ContainersPaused: number
  ContainersStopped: number
  Images: number
  Driver: string
  DriverStatus: [name: string, value: string][] | null
  DockerRootDir: string
  Plugins: { Volume: string[] | null; Network: string[] | null; Authorization: string[] | null; Log: string[] | null }
  MemoryLimit: boolean
  SwapLimit: boolean
  /** Until 1.41. */
  KernelMemory?: boolean
  /** Until 1.51. */
  KernelMemoryTCP?: boolean
  CpuCfsPeriod: boolean
  CpuCfsQuota: boolean
  CPUShares: boolean
  CPUSet: boolean
  PidsLimit: boolean
  OomKillDisable: boolean
  IPv4Forwarding: boolean
  /** Until 1.49. */
  BridgeNfIptables?: boolean
  /** Until 1.49. */
  BridgeNfIp6tables?: boolean
  Debug: boolean
  NFd: number
  NGoroutines: number
  /** RFC 3339. */
  SystemTime: string
  LoggingDriver: string
  /** cgroupfs, systemd or none. */
  CgroupDriver: string
  /** 1 or 2. */
  CgroupVersion?: string
  NEventsListener: number
  KernelVersion: string
  OperatingSystem: string
  OSVersion: string
  OSType: string
  Architecture: string
  NCPU: number
  /** Bytes. */
  MemTotal: number
  IndexServerAddress: string
  RegistryConfig: RegistryServiceConfig | null
  GenericResources: GenericResource[] | null
  HttpProxy: string
  HttpsProxy: string
  NoProxy: string
  Name: string
  /** key=value each. */
  Labels: string[] | null
  ExperimentalBuild: boolean
  ServerVersion: string
  Runtimes: Record<string, Runtime> | null
  DefaultRuntime: string
  Swarm: SwarmInfo
  LiveRestoreEnabled: boolean
  /** Windows: default, process or hyperv; elsewhere empty. */
  Isolation: string
  InitBinary: string
  ContainerdCommit: Commit
  RuncCommit: Commit
  InitCommit: Commit
  SecurityOptions: string[] | null
  ProductLicense?: string
  DefaultAddressPools?: { Base: string; Size: number }[] | null
  /** Since 1.44. */
  CDISpecDirs?: string[] | null
  /** Since 1.46. */
  Containerd?: { Address?: string; Namespaces: { Containers: string; Plugins: string } }
  /** Since 1.49. */
  FirewallBackend?: { Driver: string; Info?: [name: string, value: string][] | null }
  /** Since 1.50. */
  DiscoveredDevices?: { Source: string; ID: string }[] | null
  /** Since 1.53. */
  NRI?: { Info?: [name: string, value: string][] | null }
  Warnings: string[] | null
}

export type RegistryServiceConfig = {
  /** Until 1.48. */
  AllowNondistributableArtifactsCIDRs?: string[] | null
  /** Until 1.48. */
  AllowNondistributableArtifactsHostnames?: string[] | null
  InsecureRegistryCIDRs: string[] | null
  IndexConfigs: Record<string, { Name: string; Mirrors: string[] | null; Secure: boolean; Official: boolean }> | null
  Mirrors: string[] | null
}

/** A resource that a swarm node offers: named ones by name, discrete ones by number. */
export type GenericResource = { NamedResourceSpec?: { Kind: string; Value: string }; DiscreteResourceSpec?: { Kind: string; Value: number } }

export type Runtime = {
  path?: string
  runtimeArgs?: string[] | null
  /** Since 1.44; the features that the OCI runtime reports are JSON in one of its values. */
  status?: Record<string, string> | null
}

/** `Expected` until 1.48. */
export type Commit = { ID: string; Expected?: string }

export type SwarmInfo = {
  NodeID: string
  NodeAddr: string
  LocalNodeState: 'inactive' | 'pending' | 'active' | 'error' | 'locked' | ''
  ControlAvailable: boolean
  Error: string
  RemoteManagers: { NodeID: string; Addr: string }[] | null
  Nodes?: number
  Managers?: number
  /** On managers only. */
  Cluster?: ClusterInfo | null
}

export type ClusterInfo = {
  ID: string
  Version: { Index: number }
  CreatedAt: string
  UpdatedAt: string
  Spec: SwarmSpec
  TLSInfo: { TrustRoot?: string; CertIssuerSubject?: string; CertIssuerPublicKey?: string }
  RootRotationInProgress: boolean
  DefaultAddrPool: string[] | null
  SubnetSize: number
  DataPathPort: number
}

/** How a swarm is run. Durations are nanoseconds. */
export type SwarmSpec = {
  Name: string
  Labels: Record<string, string> | null
  Orchestration: { TaskHistoryRetentionLimit?: number | null }
  Raft: { SnapshotInterval?: number; KeepOldSnapshots?: number | null; LogEntriesForSlowFollowers?: number; ElectionTick: number; HeartbeatTick: number }
  Dispatcher: { HeartbeatPeriod?: number }
  CAConfig: {
    NodeCertExpiry?: number
    ExternalCAs?: { Protocol: string; URL: string; Options?: Record<string, string> | null; CACert: string }[] | null
    SigningCACert?: string
    SigningCAKey?: string
    ForceRotate?: number
  }
  TaskDefaults: { LogDriver?: { Name?: string; Options?: Record<string, string> | null } }
  EncryptionConfig: { AutoLockManagers: boolean }
}
