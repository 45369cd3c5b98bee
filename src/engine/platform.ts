/** Platforms as options: JSON of the OCI's object where the daemon does not take the text `os/arch/variant`. */
import type { OciPlatform } from './oci-types.js'
import type { Kind } from './query.js'

const encode = (value: OciPlatform): string | undefined => (typeof value === 'object' && value !== null && typeof value.os === 'string' && typeof value.architecture === 'string' ? JSON.stringify(value) : undefined)

/** One platform as JSON. */
export const platform: Kind<OciPlatform> = { takes: 'an object with os and architecture', encode }

/** One parameter of JSON for each platform. */
export const platforms: Kind<readonly OciPlatform[]> = {
  takes: 'an array of objects with os and architecture',
  encode: value => (Array.isArray(value) && value.every(encode) ? value.map(item => JSON.stringify(item)) : undefined),
}
