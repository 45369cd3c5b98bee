/** What images and containers have in common: platforms, descriptors, storage drivers. */

/** A platform as OCI images name it (image-spec: image-index.md). */
export type OciPlatform = { architecture: string; os: string; 'os.version'?: string; 'os.features'?: string[]; variant?: string }

/** What a manifest refers to (image-spec: descriptor.md). */
export type OciDescriptor = {
  mediaType: string
  digest: string
  size: number
  urls?: string[] | null
  annotations?: Record<string, string> | null
  /** Base64. */
  data?: string | null
  platform?: OciPlatform | null
  artifactType?: string | null
}

/** Where a storage driver keeps the layers; paths on the engine's host. */
export type DriverData = { Name: string; Data: Record<string, string> | null }
