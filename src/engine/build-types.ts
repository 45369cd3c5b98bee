/** What builds take and answer. */
import type { ProgressRecord } from './json-stream.js'

/**
 * Progress of a build. `stream` is its output; `aux` is `{ ID }` of the image when the classic builder has made it, and of BuildKit, by the record's id,
 * `{ ID }` (moby.image.id) or base64 of a protocol buffer that holds its progress (moby.buildkit.trace).
 */
export type BuildRecord = ProgressRecord & { stream?: string; aux?: { ID?: string } | string | null }

/** BuildKit's: where to write what was built, and how. */
export type BuildOutput = { Type: string; Attrs?: { readonly [name: string]: string } | undefined }

export type Ulimit = { Name: string; Soft: number; Hard: number }

export type BuildPruneResponse = {
  CachesDeleted: string[] | null
  /** Bytes. */
  SpaceReclaimed: number
}
