/** What a swarm knows about its nodes. */
import type { SwarmObject } from './swarm-types.js'
import type { GenericResource } from './system-types.js'

/** What a node is to be. */
export type NodeSpec = {
  Name?: string
  Labels: Record<string, string> | null
  Role?: 'worker' | 'manager'
  /** pause: no new tasks; drain: those there go elsewhere. */
  Availability?: 'active' | 'pause' | 'drain'
}

/** Processors (10^9 is one) and bytes. */
export type ResourceObject = { NanoCPUs?: number; MemoryBytes?: number; GenericResources?: GenericResource[] | null }

export type Node = SwarmObject & {
  Spec: NodeSpec
  Description: {
    Hostname?: string
    Platform: { Architecture?: string; OS?: string }
    Resources: ResourceObject
    Engine: { EngineVersion?: string; Labels?: Record<string, string> | null; Plugins?: { Type: string; Name: string }[] | null }
    /** The last two are base64 of DER. */
    TLSInfo: { TrustRoot?: string; CertIssuerSubject?: string; CertIssuerPublicKey?: string }
    /** Since 1.42: drivers of cluster volumes. */
    CSIInfo?: { PluginName?: string; NodeID?: string; MaxVolumesPerNode?: number }[] | null
  }
  Status: { State?: 'unknown' | 'down' | 'ready' | 'disconnected'; Message?: string; Addr?: string }
  /** Of managers only. */
  ManagerStatus?: { Leader?: boolean; Reachability?: 'unknown' | 'unreachable' | 'reachable'; Addr?: string } | null
}
