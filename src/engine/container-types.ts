/**
 * What a container is made of and what the engine tells about it. Members that are not optional come from every engine from
 * API 1.41 on; a request may leave out any (Sent). Lists and maps that nobody set are null where Go has no value for them.
 */
import type { DriverData, OciDescriptor } from './oci-types.js'
import type { Sent } from './request-body.js'

/** Names without values, as JSON has Go's sets: `{ '80/tcp': {} }`. */
export type NameSet = Record<string, Record<string, never>>

/** What runs in a container, whatever the host. */
export type ContainerConfig = {
  Hostname: string
  Domainname: string
  /** A name or number, with `:group` if wanted. */
  User: string
  AttachStdin: boolean
  AttachStdout: boolean
  AttachStderr: boolean
  /** Ports by number and protocol: `80/tcp`. */
  ExposedPorts?: NameSet | null
  /** Output is then one raw stream that cannot be told apart. */
  Tty: boolean
  OpenStdin: boolean
  /** Close stdin when the first client that attached to it has gone. */
  StdinOnce: boolean
  /** NAME=value each; a NAME alone takes an image's variable away. */
  Env: string[] | null
  Cmd: string[] | null
  Healthcheck?: HealthConfig | null
  /** Windows: Cmd is escaped already. */
  ArgsEscaped?: boolean
  Image: string
  /** Paths that get a volume of their own. */
  Volumes: NameSet | null
  WorkingDir: string
  /** `['']` takes the image's away. */
  Entrypoint: string[] | null
  NetworkDisabled?: boolean
  /** Until 1.51; in EndpointSettings since 1.44. */
  MacAddress?: string
  OnBuild?: string[] | null
  Labels: Record<string, string> | null
  /** A name such as SIGINT, or a number. */
  StopSignal?: string
  /** Seconds until SIGKILL. */
  StopTimeout?: number | null
  /** For the shell form of RUN, CMD and ENTRYPOINT. */
  Shell?: string[] | null
}

/** Durations are nanoseconds, 1 ms at least; 0 takes the image's. */
export type HealthConfig = {
  /** `['NONE']`, `['CMD', …]` or `['CMD-SHELL', script]`; empty takes the image's. */
  Test?: string[] | null
  Interval?: number
  Timeout?: number
  Retries?: number
  StartPeriod?: number
  /** Since 1.44. */
  StartInterval?: number
}

/** How much of the host a container may use. 0 means no limit of its own. */
export type Resources = {
  CpuShares: number
  /** Bytes. */
  Memory: number
  /** 10^9 is one processor. */
  NanoCpus: number
  CgroupParent: string
  /** 10 to 1000. */
  BlkioWeight: number
  BlkioWeightDevice: { Path: string; Weight: number }[] | null
  /** Bytes per second; IOps are operations per second. */
  BlkioDeviceReadBps: ThrottleDevice[] | null
  BlkioDeviceWriteBps: ThrottleDevice[] | null
  BlkioDeviceReadIOps: ThrottleDevice[] | null
  BlkioDeviceWriteIOps: ThrottleDevice[] | null
  /** Microseconds. */
  CpuPeriod: number
  /** Microseconds of each period. */
  CpuQuota: number
  CpuRealtimePeriod: number
  CpuRealtimeRuntime: number
  /** `0-2,4`. */
  CpusetCpus: string
  CpusetMems: string
  Devices: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[] | null
  DeviceCgroupRules: string[] | null
  DeviceRequests: DeviceRequest[] | null
  /** Until 1.41. */
  KernelMemory?: number
  /** Until 1.51. */
  KernelMemoryTCP?: number
  /** Bytes. */
  MemoryReservation: number
  /** Bytes of memory and swap together; -1 for no limit. */
  MemorySwap: number
  /** 0 to 100. */
  MemorySwappiness: number | null
  OomKillDisable: boolean | null
  /** 0 and -1 for no limit. */
  PidsLimit: number | null
  Ulimits: { Name: string; Soft: number; Hard: number }[] | null
  /** Windows, as the three below. */
  CpuCount: number
  CpuPercent: number
  IOMaximumIOps: number
  IOMaximumBandwidth: number
}

export type ThrottleDevice = { Path: string; Rate: number }

export type DeviceRequest = {
  Driver: string
  /** -1 for all. */
  Count: number
  DeviceIDs: string[] | null
  /** Alternatives, each a list of what a device must have: `[['gpu']]`. */
  Capabilities: string[][] | null
  Options: Record<string, string> | null
}

/** How a container stands on its host. */
export type HostConfig = Resources & {
  /** `source:target[:options]` each. */
  Binds: string[] | null
  ContainerIDFile: string
  /** local, json-file, syslog, journald, gelf, fluentd, awslogs, splunk, etwlogs, none, or a plugin's name. */
  LogConfig: { Type: string; Config: Record<string, string> | null }
  /** bridge, host, none, container:id, or a network's name. */
  NetworkMode: string
  PortBindings: PortMap | null
  RestartPolicy: RestartPolicy
  AutoRemove: boolean
  VolumeDriver: string
  /** `container[:ro|rw]` each. */
  VolumesFrom: string[] | null
  Mounts?: Mount[] | null
  /** `[height, width]`. For creation since 1.42. */
  ConsoleSize?: [height: number, width: number] | null
  /** Since 1.43. */
  Annotations?: Record<string, string> | null
  CapAdd: string[] | null
  CapDrop: string[] | null
  CgroupnsMode: 'private' | 'host' | ''
  Dns: string[] | null
  DnsOptions: string[] | null
  DnsSearch: string[] | null
  /** `name:address` each. */
  ExtraHosts: string[] | null
  GroupAdd: string[] | null
  /** none, private, shareable, container:id, host. */
  IpcMode: string
  Cgroup: string
  Links: string[] | null
  /** -1000 to 1000. */
  OomScoreAdj: number
  /** container:id or host. */
  PidMode: string
  Privileged: boolean
  PublishAllPorts: boolean
  ReadonlyRootfs: boolean
  SecurityOpt: string[] | null
  StorageOpt?: Record<string, string> | null
  /** Paths and the mount options of each. */
  Tmpfs?: Record<string, string> | null
  UTSMode: string
  UsernsMode: string
  /** Bytes. */
  ShmSize: number
  Sysctls?: Record<string, string> | null
  Runtime?: string
  /** An init process that forwards signals and reaps; null leaves it to the daemon. */
  Init?: boolean | null
  /** Windows: default, process or hyperv. */
  Isolation: string
  /** null masks what the engine masks by default, an empty list nothing. */
  MaskedPaths: string[] | null
  ReadonlyPaths: string[] | null
}

export type RestartPolicy = { Name: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure'; MaximumRetryCount: number }

/** Container ports such as `80/tcp`, and where they are bound; null for one that is exposed and not bound. */
export type PortMap = Record<string, PortBinding[] | null>

/** An empty address is all of them, an empty port a free one. */
export type PortBinding = { HostIp: string; HostPort: string }

export type MountType = 'bind' | 'volume' | 'tmpfs' | 'npipe' | /** Since 1.42. */ 'cluster' | /** Since 1.48. */ 'image'

/** A mount to make. Options must be those of the type (since 1.42). */
export type Mount = {
  Type: MountType
  /** A path on the host, a volume's name or an image; nothing for tmpfs. */
  Source?: string
  Target: string
  ReadOnly?: boolean
  Consistency?: string
  BindOptions?: {
    Propagation?: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave' | ''
    NonRecursive?: boolean
    /** Since 1.42. */
    CreateMountpoint?: boolean
    /** Since 1.44. */
    ReadOnlyNonRecursive?: boolean
    /** Since 1.44. */
    ReadOnlyForceRecursive?: boolean
  }
  VolumeOptions?: {
    NoCopy?: boolean
    Labels?: Record<string, string> | null
    /** Since 1.45. */
    Subpath?: string
    DriverConfig?: { Name?: string; Options?: Record<string, string> | null }
  }
  /** Since 1.48. */
  ImageOptions?: { Subpath?: string }
  TmpfsOptions?: {
    /** Bytes. */
    SizeBytes?: number
    /** Permissions as a number: 0o1777. */
    Mode?: number
    /** Since 1.46: `['noexec']`, `['uid', '1000']`. */
    Options?: string[][] | null
  }
}

/** A mount that is there. */
export type MountPoint = {
  Type?: MountType
  Name?: string
  Source: string
  Destination: string
  Driver?: string
  Mode: string
  RW: boolean
  Propagation: string
}

export type NetworkingConfig = {
  /** By network; more than one since 1.44. */
  EndpointsConfig: Record<string, EndpointSettings> | null
}

/** A container in one network: what was asked for, and what it got. */
export type EndpointSettings = {
  IPAMConfig: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] | null } | null
  Links: string[] | null
  Aliases: string[] | null
  NetworkID: string
  EndpointID: string
  Gateway: string
  IPAddress: string
  IPPrefixLen: number
  IPv6Gateway: string
  GlobalIPv6Address: string
  GlobalIPv6PrefixLen: number
  /** Can be asked for since 1.44. */
  MacAddress: string
  DriverOpts: Record<string, string> | null
  /** Since 1.44. */
  DNSNames?: string[] | null
  /** Since 1.48: the network with the highest has the default gateway. */
  GwPriority?: number
}

/** The body of containerCreate: a ContainerConfig of which only Image is needed, mostly, and where it runs. */
export type ContainerCreateRequest = Sent<ContainerConfig & { HostConfig: HostConfig; NetworkingConfig: NetworkingConfig }>

export type ContainerCreateResponse = { Id: string; Warnings: string[] | null }

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

/** Times are RFC 3339; 0001-01-01T00:00:00Z for what has not happened. */
export type ContainerState = {
  Status: ContainerStatus
  Running: boolean
  /** A paused container is running, too. */
  Paused: boolean
  Restarting: boolean
  OOMKilled: boolean
  Dead: boolean
  Pid: number
  ExitCode: number
  Error: string
  StartedAt: string
  FinishedAt: string
  /** Absent without a health check. */
  Health?: Health | null
}

export type HealthStatus = 'none' | 'starting' | 'healthy' | 'unhealthy' | ''

export type Health = { Status: HealthStatus; FailingStreak: number; Log: { Start: string; End: string; ExitCode: number; Output: string }[] | null }

export type ContainerInspectResponse = {
  Id: string
  /** RFC 3339. */
  Created: string
  Path: string
  Args: string[] | null
  State: ContainerState
  /** The id of its image. */
  Image: string
  ResolvConfPath: string
  HostnamePath: string
  HostsPath: string
  LogPath: string
  /** With a slash in front. */
  Name: string
  RestartCount: number
  Driver: string
  Platform: string
  MountLabel: string
  ProcessLabel: string
  AppArmorProfile: string
  ExecIDs: string[] | null
  HostConfig: HostConfig
  /** Absent with containerd's image store since 1.52. */
  GraphDriver?: DriverData | null
  /** Since 1.52; with containerd's image store. */
  Storage?: { RootFS?: { Snapshot?: { Name: string } | null } | null } | null
  /** Bytes that it wrote; if asked for by `size`. */
  SizeRw?: number | null
  /** Bytes of all its files; if asked for by `size`. */
  SizeRootFs?: number | null
  Mounts: MountPoint[] | null
  Config: ContainerConfig
  NetworkSettings: NetworkSettings
  /** Since 1.48; with containerd's image store. */
  ImageManifestDescriptor?: OciDescriptor | null
}

/** Addresses are in Networks; those of the default bridge stood beside it until 1.51. */
export type NetworkSettings = {
  SandboxID: string
  SandboxKey: string
  Ports: PortMap | null
  Networks: Record<string, EndpointSettings> | null
  Bridge?: string
  HairpinMode?: boolean
  LinkLocalIPv6Address?: string
  LinkLocalIPv6PrefixLen?: number
  SecondaryIPAddresses?: { Addr: string; PrefixLen: number }[] | null
  SecondaryIPv6Addresses?: { Addr: string; PrefixLen: number }[] | null
  EndpointID?: string
  Gateway?: string
  GlobalIPv6Address?: string
  GlobalIPv6PrefixLen?: number
  IPAddress?: string
  IPPrefixLen?: number
  IPv6Gateway?: string
  MacAddress?: string
}

export type ContainerSummary = {
  Id: string
  /** Each with a slash in front; names that links give it have two. */
  Names: string[] | null
  Image: string
  ImageID: string
  Command: string
  /** Seconds since 1970. */
  Created: number
  Ports: PortSummary[] | null
  /** If asked for by `size`, and not 0. */
  SizeRw?: number
  /** If asked for by `size`. */
  SizeRootFs?: number
  Labels: Record<string, string> | null
  State: ContainerStatus
  /** For people: Up 5 minutes. */
  Status: string
  /** Podman has none. */
  HostConfig?: { NetworkMode?: string; /** Since 1.46. */ Annotations?: Record<string, string> | null }
  NetworkSettings: { Networks: Record<string, EndpointSettings> | null } | null
  Mounts: MountPoint[] | null
  /** Since 1.48; with containerd's image store. */
  ImageManifestDescriptor?: OciDescriptor | null
  /** Since 1.52. */
  Health?: { Status: HealthStatus; FailingStreak: number }
}

export type PortSummary = { IP?: string; PrivatePort: number; PublicPort?: number; Type: 'tcp' | 'udp' | 'sctp' }

/** How a container ended. `Error` says why its code is not to be had, such as a removal that failed. */
export type ContainerWaitResponse = { StatusCode: number; Error?: { Message?: string } | null }

/** A file or directory in a container. */
export type ContainerPathStat = {
  name: string
  /** Bytes. */
  size: number
  /** Permissions and type as Go's os.FileMode has them, not as stat(2): 2^31 is a directory, 2^27 a symbolic link. */
  mode: number
  /** RFC 3339. */
  mtime: string
  /** Where a symbolic link leads, resolved within the container; else empty, or from podman the path itself. */
  linkTarget: string
}

/** What ps wrote: the titles of the columns, and a row for each process. */
export type ContainerTopResponse = { Titles: string[]; Processes: string[][] | null }

/** 0 is changed, 1 added, 2 deleted. */
export type FilesystemChange = { Path: string; Kind: 0 | 1 | 2 }

/** Limits to change. 0 leaves some as they are; lists of devices since 1.55, where null leaves and `[]` takes away. */
export type ContainerUpdateRequest = Sent<Resources & { RestartPolicy: RestartPolicy }>

/** Podman 4 answers with the container's id instead. */
export type ContainerUpdateResponse = { Warnings?: string[] | null }

export type ContainerPruneResponse = {
  ContainersDeleted: string[] | null
  /** Bytes. */
  SpaceReclaimed: number
}
