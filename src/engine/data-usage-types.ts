/** What an engine keeps on its disk. Sizes are bytes. */
import type { ContainerSummary } from './container-types.js'
import type { ImageSummary } from './image-types.js'
import type { Volume } from './volume-types.js'

/** Lists until 1.51, sums since 1.52, both at 1.52 where the engine has them. With `type` the members that were not asked for are empty or absent. */
export type SystemDataUsageResponse = {
  /** Until 1.52, as the next four: bytes of all layers of images. */
  LayersSize?: number
  Images?: ImageSummary[] | null
  Containers?: ContainerSummary[] | null
  Volumes?: Volume[] | null
  BuildCache?: BuildCache[] | null
  /** Until 1.41. */
  BuilderSize?: number
  /** Since 1.52, as the next three. */
  ImageUsage?: DataUsage<ImageSummary> | null
  ContainerUsage?: DataUsage<ContainerSummary> | null
  VolumeUsage?: DataUsage<Volume> | null
  BuildCacheUsage?: DataUsage<BuildCache> | null
}

export type DataUsage<T> = {
  ActiveCount?: number
  TotalCount?: number
  /** What a prune would free. */
  Reclaimable?: number
  TotalSize?: number
  /** If asked for by `verbose`. */
  Items?: T[] | null
}

/** BuildKit's. */
export type BuildCache = {
  ID: string
  /** Until 1.41. */
  Parent?: string
  /** Since 1.42. */
  Parents?: string[] | null
  Type: 'internal' | 'frontend' | 'source.local' | 'source.git.checkout' | 'exec.cachemount' | 'regular'
  Description: string
  InUse: boolean
  Shared: boolean
  Size: number
  /** RFC 3339. */
  CreatedAt: string
  LastUsedAt?: string | null
  UsageCount: number
}
