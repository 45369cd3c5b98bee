/** What a swarm keeps for its services: secrets, and configs, which differ in that their data can be read again. */
import type { Sent } from './request-body.js'
import type { SwarmDriver, SwarmObject } from './swarm-types.js'

type DataSpec = {
  Name: string
  Labels: Record<string, string> | null
  /** Fills in what the task is, where the data is a template: `{ Name: 'golang' }`. */
  Templating?: SwarmDriver | null
}

/** Nobody but a task gets the data of a secret. */
export type Secret = SwarmObject & { Spec: DataSpec & { /** What provides the data instead. */ Driver?: SwarmDriver | null } }

/** `Data` are the octets themselves, decoded from the base64 of the API. */
export type Config = SwarmObject & { Spec: DataSpec & { Data: Uint8Array } }

/** Text (sent as UTF-8) or octets, as they are: base64 is the wire's affair. */
type Data = { Data?: string | Uint8Array | undefined }

/** Data of 500 KiB at most; none where a driver provides it. */
export type SecretSpec = Sent<Secret['Spec']> & Data

/** Data of 1000 KiB at most. */
export type ConfigSpec = Sent<DataSpec> & Data
