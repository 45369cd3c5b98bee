/** Services: so many tasks, kept running by the swarm. Durations are nanoseconds, times RFC 3339. */
import type { ObjectVersion, SwarmObject } from './swarm-types.js'
import type { EndpointPortConfig, NetworkAttachmentConfig, TaskSpec } from './task-types.js'

/** How tasks are replaced. */
export type ServiceUpdateConfig = {
  /** At once; 0 for all. */
  Parallelism: number
  Delay?: number
  /** `rollback` is for updates only. */
  FailureAction?: 'continue' | 'pause' | 'rollback'
  /** How long a new task is watched for failure. */
  Monitor?: number
  /** 0 to 1. */
  MaxFailureRatio: number
  Order: 'stop-first' | 'start-first'
}

/** `dnsrr` gives the tasks' addresses instead of one virtual address. */
export type EndpointSpec = { Mode?: 'vip' | 'dnsrr'; Ports?: EndpointPortConfig[] | null }

export type ServiceSpec = {
  Name?: string
  Labels: Record<string, string> | null
  TaskTemplate: TaskSpec
  /** One of them. */
  Mode: {
    Replicated?: { Replicas?: number | null } | null
    /** A task on each node. */
    Global?: Record<string, never> | null
    /** Tasks that end. */
    ReplicatedJob?: { MaxConcurrent?: number | null; TotalCompletions?: number | null } | null
    GlobalJob?: Record<string, never> | null
  }
  UpdateConfig?: ServiceUpdateConfig | null
  RollbackConfig?: ServiceUpdateConfig | null
  /** Until 1.43; in TaskTemplate since. */
  Networks?: NetworkAttachmentConfig[] | null
  EndpointSpec?: EndpointSpec | null
}

export type Service = SwarmObject & {
  Spec: ServiceSpec
  /** What a rollback goes back to. */
  PreviousSpec?: ServiceSpec | null
  Endpoint: { Spec?: EndpointSpec | null; Ports?: EndpointPortConfig[] | null; VirtualIPs?: { NetworkID?: string; Addr?: string }[] | null }
  /** Since the first update. */
  UpdateStatus?: { State?: 'updating' | 'paused' | 'completed' | 'rollback_started' | 'rollback_paused' | 'rollback_completed'; StartedAt?: string | null; CompletedAt?: string | null; Message?: string } | null
  /** If asked for by `status`. */
  ServiceStatus?: { RunningTasks: number; DesiredTasks: number; CompletedTasks: number } | null
  /** Of jobs. */
  JobStatus?: { JobIteration: ObjectVersion; LastExecution?: string } | null
}

export type ServiceCreateResponse = { ID: string; Warnings?: string[] | null }

export type ServiceUpdateResponse = { Warnings: string[] | null }
