/** Networks, and what the engine tells about them. */
import type { EndpointSettings } from './container-types.js'
import type { Sent } from './request-body.js'

export type NetworkSummary = {
  Name: string
  Id: string
  /** RFC 3339. */
  Created: string
  Scope: 'local' | 'global' | 'swarm'
  /** bridge, host, null, overlay, macvlan, ipvlan, or a plugin's name. */
  Driver: string
  /** Since 1.48. */
  EnableIPv4?: boolean
  EnableIPv6: boolean
  IPAM: Ipam
  /** No way out. */
  Internal: boolean
  /** Of swarm scope: containers that are of no service can join, too. */
  Attachable: boolean
  /** The network of a swarm's published ports. */
  Ingress: boolean
  ConfigFrom: { Network: string }
  /** No network, but settings for others. */
  ConfigOnly: boolean
  Options: Record<string, string> | null
  Labels: Record<string, string> | null
  /** Overlay networks: the nodes that have it. */
  Peers?: { Name: string; IP: string }[] | null
  /** Until 1.51, and from Docker always empty in lists. */
  Containers?: Record<string, NetworkContainer> | null
}

export type NetworkInspect = NetworkSummary & {
  /** Containers that run, by id. */
  Containers: Record<string, NetworkContainer> | null
  /** If asked for by `verbose`, on a swarm manager: by name. */
  Services?: Record<string, { VIP: string; Ports: string[] | null; LocalLBIndex: number; Tasks: { Name: string; EndpointID: string; EndpointIP: string; Info: Record<string, string> | null }[] | null }> | null
  /** Since 1.52: by subnet. */
  Status?: { IPAM?: { Subnets?: Record<string, { IPsInUse: number; DynamicIPsAvailable: number }> | null } } | null
}

/** Addresses with their prefix: 172.18.0.2/16. */
export type NetworkContainer = { Name: string; EndpointID: string; MacAddress: string; IPv4Address: string; IPv6Address: string }

/** How addresses are given out. */
export type Ipam = {
  Driver: string
  Config: {
    /** As 172.20.0.0/16; also the next, a part of it. */
    Subnet?: string
    IPRange?: string
    Gateway?: string
    /** Addresses, by names of hosts, that are not given out. */
    AuxiliaryAddresses?: Record<string, string> | null
  }[] | null
  Options?: Record<string, string> | null
}

/** The body of networkCreate. */
export type NetworkCreateRequest = { readonly Name: string } & Sent<{
  /** bridge unless given. */
  Driver: string
  Scope: 'local' | 'global' | 'swarm'
  /** Until 1.43: refuse a name that is taken, as is always done since. */
  CheckDuplicate: boolean
  Internal: boolean
  Attachable: boolean
  Ingress: boolean
  ConfigOnly: boolean
  /** The network with ConfigOnly to take settings from. */
  ConfigFrom: { Network: string }
  IPAM: Ipam
  /** Since 1.48. */
  EnableIPv4: boolean
  EnableIPv6: boolean
  /** The driver's. */
  Options: Record<string, string>
  Labels: Record<string, string>
}>

export type NetworkCreateResponse = { Id: string; Warning?: string }

/** The body of networkConnect. */
export type NetworkConnectRequest = { readonly Container: string; readonly EndpointConfig?: Sent<EndpointSettings> | null | undefined }

/** The body of networkDisconnect; Force works even if the container is gone from this engine. */
export type NetworkDisconnectRequest = { readonly Container: string; readonly Force?: boolean | undefined }

export type NetworkPruneResponse = { NetworksDeleted: string[] | null }
