/** What the image operations answer. */
import type { HealthConfig } from './container-types.js'
import type { ProgressRecord } from './json-stream.js'
import type { DriverData, OciDescriptor, OciPlatform } from './oci-types.js'

export type ImageSummary = {
  Id: string
  /** Empty unless it was built here by the classic builder. */
  ParentId: string
  /** null or empty for an image without a tag; `<none>:<none>` before 1.43. */
  RepoTags: string[] | null
  RepoDigests: string[] | null
  /** Seconds since 1970. */
  Created: number
  /** Bytes, shared layers included. */
  Size: number
  /** Bytes; -1 unless asked for by `shared-size`. */
  SharedSize: number
  /** Until 1.43: Size again. */
  VirtualSize?: number
  Labels: Record<string, string> | null
  /** How many containers use it; always -1 from Docker until 1.50. */
  Containers: number
  /** Since 1.47, and asked for by `manifests`; with containerd's image store. */
  Manifests?: ImageManifestSummary[] | null
  /** Since 1.48; with containerd's image store. */
  Descriptor?: OciDescriptor | null
}

export type ImageManifestSummary = {
  ID: string
  Descriptor: OciDescriptor
  /** Whether all of its content is here. */
  Available: boolean
  Size: { Total: number; Content: number }
  Kind: 'image' | 'attestation' | 'unknown'
  ImageData?: { Platform: OciPlatform; Containers: string[] | null; Size: { Unpacked: number }; /** Since 1.54. */ Identity?: ImageIdentity | null } | null
  AttestationData?: { For: string } | null
}

/** Where an image comes from, as far as the engine can vouch for it. Since 1.53. */
export type ImageIdentity = {
  Signature?: ImageSignature[] | null
  Pull?: { Repository?: string }[] | null
  Build?: { Ref?: string; CreatedAt?: string }[] | null
}

export type ImageSignature = {
  Name?: string
  /** Of a transparency log (Tlog) or an authority (TimestampAuthority). */
  Timestamps?: { Type?: string; URI?: string; Timestamp?: string }[] | null
  KnownSigner?: string
  DockerReference?: string
  Signer?: ImageSigner | null
  /** bundle-v0.3 or simplesigning-v1. */
  SignatureType?: string
  Error?: string
  Warnings?: string[] | null
}

/** Who signed, by the certificate that Sigstore's Fulcio gave out. */
export type ImageSigner = {
  CertificateIssuer?: string
  SubjectAlternativeName?: string
  Issuer?: string
  BuildSignerURI?: string
  BuildSignerDigest?: string
  RunnerEnvironment?: string
  SourceRepositoryURI?: string
  SourceRepositoryDigest?: string
  SourceRepositoryRef?: string
  SourceRepositoryIdentifier?: string
  SourceRepositoryOwnerURI?: string
  SourceRepositoryOwnerIdentifier?: string
  BuildConfigURI?: string
  BuildConfigDigest?: string
  BuildTrigger?: string
  RunInvocationURI?: string
  SourceRepositoryVisibilityAtSigning?: string
}

/** What a container inherits from its image. Empty members are left out since 1.52. */
export type ImageConfig = {
  User?: string
  ExposedPorts?: Record<string, Record<string, never>> | null
  Env?: string[] | null
  Cmd?: string[] | null
  Healthcheck?: HealthConfig | null
  ArgsEscaped?: boolean
  Volumes?: Record<string, Record<string, never>> | null
  WorkingDir?: string
  Entrypoint?: string[] | null
  OnBuild?: string[] | null
  Labels?: Record<string, string> | null
  StopSignal?: string
  Shell?: string[] | null
}

export type ImageInspect = {
  Id: string
  RepoTags: string[] | null
  RepoDigests: string[] | null
  /** RFC 3339; absent for an image that does not say (since 1.44). */
  Created?: string | null
  /** Absent where empty since 1.52. */
  Comment?: string
  /** Absent where empty since 1.52. */
  Author?: string
  /** Absent where empty since 1.52. */
  Parent?: string
  /** Until 1.51. */
  DockerVersion?: string
  /** Until 1.44: of the container that it was committed from. */
  Container?: string
  /** Until 1.44. */
  ContainerConfig?: ImageConfig | null
  Config?: ImageConfig | null
  Architecture: string
  Variant?: string
  Os: string
  OsVersion?: string
  /** Bytes. */
  Size: number
  /** Until 1.43: Size again. */
  VirtualSize?: number
  /** Absent with containerd's image store since 1.52. */
  GraphDriver?: DriverData | null
  RootFS: { Type: string; Layers?: string[] | null }
  /** The zero time of Go, 0001-01-01T00:00:00Z, where it was never tagged here. */
  Metadata: { LastTagTime?: string | null }
  /** Since 1.48; with containerd's image store. */
  Descriptor?: OciDescriptor | null
  /** Since 1.48, and asked for by `manifests`. */
  Manifests?: ImageManifestSummary[] | null
  /** Since 1.53. */
  Identity?: ImageIdentity | null
}

/** One step of a removal: a tag or digest that is gone, or a layer. */
export type ImageDeleteItem = { Untagged?: string; Deleted?: string }

export type ImageHistoryItem = {
  /** `<missing>` for a step of which there is no image here. */
  Id: string
  /** Seconds since 1970. */
  Created: number
  CreatedBy: string
  Tags: string[] | null
  /** Bytes. */
  Size: number
  Comment: string
}

/** A statement of in-toto's; since 1.55. */
export type AttestationStatement = {
  Descriptor: OciDescriptor
  /** Such as https://slsa.dev/provenance/v1. */
  PredicateType: string
  /** If asked for by `statement`. */
  Statement?: Record<string, unknown> | null
}

export type ImageSearchItem = {
  name: string
  description: string
  star_count: number
  is_official: boolean
  /** Always false since 1.44. */
  is_automated?: boolean
}

export type ImagePruneResponse = {
  ImagesDeleted: ImageDeleteItem[] | null
  /** Bytes. */
  SpaceReclaimed: number
}

/** Progress of a push; `aux` says what a tag has become in the registry. */
export type PushRecord = ProgressRecord & { aux?: { Tag?: string; Digest?: string; Size?: number } | null }

/** Progress of a load: `stream` is what docker load prints, `Loaded image: name`. */
export type LoadRecord = ProgressRecord & { stream?: string }
