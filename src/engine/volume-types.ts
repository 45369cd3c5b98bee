/** Volumes of one engine, and of a swarm's cluster (CSI). */
import type { Sent } from './request-body.js'

export type Volume = {
  Name: string
  Driver: string
  /** On the engine's host. */
  Mountpoint: string
  /** RFC 3339. */
  CreatedAt?: string
  /** What the driver says. */
  Status?: Record<string, unknown> | null
  Labels: Record<string, string> | null
  Scope: 'local' | 'global'
  /** The driver's. */
  Options: Record<string, string> | null
  /** In systemDataUsage only; -1 for what is not known. */
  UsageData?: { /** Bytes. */ Size: number; /** Containers that use it. */ RefCount: number } | null
  /** Since 1.42. */
  ClusterVolume?: ClusterVolume | null
}

export type ClusterVolume = {
  ID: string
  /** What volumeUpdate must be told. */
  Version: { Index: number }
  CreatedAt: string
  UpdatedAt: string
  Spec: ClusterVolumeSpec
  Info?: { CapacityBytes?: number; VolumeContext?: Record<string, string> | null; VolumeID?: string; AccessibleTopology?: Topology[] | null } | null
  PublishStatus?: { NodeID?: string; State?: 'pending-publish' | 'published' | 'pending-node-unpublish' | 'pending-controller-unpublish'; PublishContext?: Record<string, string> | null }[] | null
}

export type ClusterVolumeSpec = {
  /** Volumes of one group are interchangeable. */
  Group?: string
  AccessMode?: {
    /** How many nodes may use it at a time. */
    Scope?: 'single' | 'multi'
    Sharing?: 'none' | 'readonly' | 'onewriter' | 'all'
    /** Given for a file system, and not for a block device. */
    MountVolume?: { FsType?: string; MountFlags?: string[] | null } | null
    BlockVolume?: Record<string, never> | null
  } | null
  Secrets?: { Key?: string; Secret?: string }[] | null
  AccessibilityRequirements?: { Requisite?: Topology[] | null; Preferred?: Topology[] | null } | null
  /** Bytes; 0 for no bound. */
  CapacityRange?: { RequiredBytes?: number; LimitBytes?: number } | null
  Availability?: 'active' | 'pause' | 'drain'
}

export type Topology = { Segments?: Record<string, string> | null }

/** The body of volumeCreate. */
export type VolumeCreateRequest = Sent<{
  /** The engine makes one up unless given. */
  Name: string
  /** local unless given. */
  Driver: string
  DriverOpts: Record<string, string>
  Labels: Record<string, string>
  /** Since 1.42. */
  ClusterVolumeSpec: ClusterVolumeSpec
}>

export type VolumeListResponse = { Volumes: Volume[] | null; Warnings: string[] | null }

export type VolumePruneResponse = {
  VolumesDeleted: string[] | null
  /** Bytes. */
  SpaceReclaimed: number
}
