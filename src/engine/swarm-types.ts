/** What makes a swarm, and what all that it keeps has in common. */
import type { Sent } from './request-body.js'
import type { ClusterInfo, SwarmSpec } from './system-types.js'

/** Grows with each change; an update must name the one that it changes. */
export type ObjectVersion = { Index: number }

/** Times are RFC 3339. */
export type SwarmObject = { ID: string; Version: ObjectVersion; CreatedAt: string; UpdatedAt: string }

/** A driver and its options. */
export type SwarmDriver = { Name?: string; Options?: Record<string, string> | null }

/** What a node may join with; the tokens are secrets. */
export type Swarm = ClusterInfo & { JoinTokens: { Worker: string; Manager: string } }

/** Addresses are `host[:port]` or `interface[:port]`. */
export type SwarmInitRequest = {
  /** Where managers talk to it: `0.0.0.0:2377`. */
  ListenAddr: string
} & Sent<{
  /** What it tells others; needed where the host has several addresses. */
  AdvertiseAddr: string
  /** Where containers' traffic goes; AdvertiseAddr unless given. */
  DataPathAddr: string
  /** 1024 to 49151; 0 is 4789. */
  DataPathPort: number
  /** Subnets that networks are cut from: `10.10.0.0/16`. */
  DefaultAddrPool: string[]
  /** Bits of the prefix of each network. */
  SubnetSize: number
  /** A new swarm of one manager out of what is left of the old. */
  ForceNewCluster: boolean
  /** What its first node is to do. */
  Availability: 'active' | 'pause' | 'drain'
  Spec: SwarmSpec
  AutoLockManagers: boolean
}>

export type SwarmJoinRequest = {
  ListenAddr: string
  /** Managers, at least one of which answers. */
  RemoteAddrs: readonly string[]
  /** Of swarmInspect's JoinTokens; it decides whether the node becomes a worker or a manager. */
  JoinToken: string
} & Sent<{ AdvertiseAddr: string; DataPathAddr: string; Availability: 'active' | 'pause' | 'drain' }>

/** The key is empty while managers are not locked. */
export type SwarmUnlockkeyResponse = { UnlockKey: string }
