/** Tasks: what a service runs, each one container on one node, and how that goes. Durations are nanoseconds, times RFC 3339. */
import type { HealthConfig, Mount } from './container-types.js'
import type { ResourceObject } from './node-types.js'
import type { PluginPrivilege } from './plugin-types.js'
import type { ObjectVersion, SwarmDriver, SwarmObject } from './swarm-types.js'
import type { GenericResource } from './system-types.js'

/** Where a secret or config appears in the container: under /run/secrets, or as an absolute path. */
export type FileTarget = { Name: string; /** A number as text. */ UID: string; GID: string; /** Permissions: 0o444. */ Mode: number }

export type TaskContainerSpec = {
  Image?: string
  Labels?: Record<string, string> | null
  /** Replaces the image's entrypoint. */
  Command?: string[] | null
  /** Replaces the image's command. */
  Args?: string[] | null
  /** May be a template: `{{.Node.Hostname}}`. */
  Hostname?: string
  Env?: string[] | null
  Dir?: string
  User?: string
  Groups?: string[] | null
  Privileges?: {
    CredentialSpec?: { Config?: string; File?: string; Registry?: string } | null
    SELinuxContext?: { Disable: boolean; User?: string; Role?: string; Type?: string; Level?: string } | null
    /** Since 1.44. Profile is base64 of JSON. */
    Seccomp?: { Mode?: 'default' | 'unconfined' | 'custom'; Profile?: string } | null
    /** Since 1.44. */
    AppArmor?: { Mode?: 'default' | 'disabled' } | null
    /** Since 1.44. */
    NoNewPrivileges?: boolean
  } | null
  /** Logs are then raw. */
  TTY?: boolean
  OpenStdin?: boolean
  ReadOnly?: boolean
  Mounts?: Mount[] | null
  StopSignal?: string
  /** Until SIGKILL. */
  StopGracePeriod?: number | null
  Healthcheck?: HealthConfig | null
  /** `address name…` each, as /etc/hosts has it. */
  Hosts?: string[] | null
  DNSConfig?: { Nameservers?: string[] | null; Search?: string[] | null; Options?: string[] | null } | null
  /** Both the id and the name are needed. */
  Secrets?: { File?: FileTarget | null; SecretID: string; SecretName: string }[] | null
  /** A file, or Runtime for one that only the engine reads. */
  Configs?: { File?: FileTarget | null; Runtime?: Record<string, never> | null; ConfigID: string; ConfigName: string }[] | null
  /** Windows. */
  Isolation?: string
  Init?: boolean | null
  Sysctls?: Record<string, string> | null
  CapabilityAdd?: string[] | null
  CapabilityDrop?: string[] | null
  Ulimits?: { Name: string; Soft: number; Hard: number }[] | null
  /** Since 1.46: -1000 to 1000. */
  OomScoreAdj?: number
}

/** How a network is joined; Target is its name or id. */
export type NetworkAttachmentConfig = { Target?: string; Aliases?: string[] | null; DriverOpts?: Record<string, string> | null }

/** One of ContainerSpec, PluginSpec and NetworkAttachmentSpec. */
export type TaskSpec = {
  ContainerSpec?: TaskContainerSpec | null
  /** With the Runtime plugin. */
  PluginSpec?: { Name?: string; Remote?: string; Disabled?: boolean; PluginPrivilege?: PluginPrivilege[] | null } | null
  /** Of a container that is no task and attached itself to a swarm's network; not for requests. */
  NetworkAttachmentSpec?: { ContainerID: string } | null
  Resources?: {
    Limits?: { NanoCPUs?: number; MemoryBytes?: number; Pids?: number } | null
    Reservations?: ResourceObject | null
    /** Since 1.52: -1 for no limit. */
    SwapBytes?: number | null
    /** Since 1.52: 0 to 100. */
    MemorySwappiness?: number | null
  } | null
  RestartPolicy?: { Condition?: 'none' | 'on-failure' | 'any'; Delay?: number | null; MaxAttempts?: number | null; Window?: number | null } | null
  Placement?: {
    /** `node.labels.zone==a` each. */
    Constraints?: string[] | null
    Preferences?: { Spread: { SpreadDescriptor: string } | null }[] | null
    /** On one node; 0 for any number. */
    MaxReplicas?: number
    Platforms?: { Architecture?: string; OS?: string }[] | null
  } | null
  /** A change of it alone starts all tasks anew. */
  ForceUpdate?: number
  /** container (the default), plugin or attachment. */
  Runtime?: string
  Networks?: NetworkAttachmentConfig[] | null
  LogDriver?: SwarmDriver | null
}

export type TaskState = 'new' | 'allocated' | 'pending' | 'assigned' | 'accepted' | 'preparing' | 'ready' | 'starting' | 'running' | 'complete' | 'shutdown' | 'failed' | 'rejected' | 'remove' | 'orphaned'

export type Task = SwarmObject & {
  Name?: string
  Labels: Record<string, string> | null
  Spec: TaskSpec
  ServiceID?: string
  /** Its number among the replicas, from 1. */
  Slot?: number
  NodeID?: string
  Status: {
    Timestamp?: string
    State?: TaskState
    Message?: string
    Err?: string
    ContainerStatus?: { ContainerID: string; PID: number; ExitCode: number } | null
    PortStatus?: { Ports?: EndpointPortConfig[] | null } | null
  }
  DesiredState?: TaskState
  NetworksAttachments?: { Network?: Record<string, unknown>; Addresses?: string[] | null }[] | null
  /** What was assigned to it. */
  GenericResources?: GenericResource[] | null
  /** Of a job. */
  JobIteration?: ObjectVersion | null
}

export type EndpointPortConfig = { Name?: string; Protocol?: 'tcp' | 'udp' | 'sctp'; TargetPort?: number; PublishedPort?: number; PublishMode?: 'ingress' | 'host' }
