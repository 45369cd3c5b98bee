/**
 * Credentials for registries, as the engine takes them in headers: base64url with padding (RFC 4648 section 5) of JSON. The engine ignores
 * what it cannot decode, and asks the registry without credentials; so what is no credentials is refused here. No error repeats them.
 */
import { fail } from '../errors.js'

/** Either a name and a password or one of the tokens; all empty for none. */
export type RegistryAuth = {
  username?: string | undefined
  password?: string | undefined
  /** The registry's name; `https://index.docker.io/v1/` for Docker Hub. */
  serveraddress?: string | undefined
  /** What systemAuth gave instead of the password. */
  identitytoken?: string | undefined
  /** A bearer token of the registry's own. */
  registrytoken?: string | undefined
  /** `user:password` in base64, as config.json has it. */
  auth?: string | undefined
  /** Until 1.51; never used. */
  email?: string | undefined
}

/** Credentials by registry, for builds. Docker Hub's are under `https://index.docker.io/v1/`; the classic builder may look for `docker.io`. */
export type RegistryConfig = { readonly [registry: string]: RegistryAuth }

const MEMBERS = ['username', 'password', 'serveraddress', 'identitytoken', 'registrytoken', 'auth', 'email']

/** Returns what is credentials as it is. Errors: request-invalid, which says which member is wrong and not what it holds. */
export const checkedAuth = (auth: RegistryAuth): RegistryAuth => {
  if (typeof auth !== 'object' || auth === null || Array.isArray(auth)) throw fail('request-invalid', `credentials are an object, not ${auth === null ? 'null' : Array.isArray(auth) ? 'an array' : typeof auth}`)
  for (const [name, value] of Object.entries(auth)) {
    if (!MEMBERS.includes(name)) throw fail('request-invalid', `credentials have no ${JSON.stringify(name)}, only ${MEMBERS.join(', ')}`)
    if (value !== undefined && typeof value !== 'string') throw fail('request-invalid', `the ${name} of credentials is a string, not ${typeof value}`)
  }
  return auth
}

const encode = (value: object): string =>
  btoa(JSON.stringify(value).replace(/[\u007f-\uffff]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`))
    .replaceAll('+', '-')
    .replaceAll('/', '_')

/** The header of a request to one registry. An engine that finds none may want a body in its place (daemon: postImagesPush), so it is always there. */
export const authHeader = (auth: RegistryAuth = {}): { 'X-Registry-Auth': string } => ({ 'X-Registry-Auth': encode(checkedAuth(auth)) })

/** The header of a build, which may need several registries; nothing for none. */
export const configHeader = (config: RegistryConfig | undefined): { 'X-Registry-Config': string } | undefined => {
  if (config === undefined) return undefined
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw fail('request-invalid', 'credentials for a build are an object of credentials by registry')
  for (const auth of Object.values(config)) checkedAuth(auth)
  return { 'X-Registry-Config': encode(config) }
}
