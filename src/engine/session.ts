/** The connection back over which BuildKit asks its client for files, credentials and secrets. */
import { fail } from '../errors.js'
import type { Client, ExchangeOptions } from '../http/exchange.js'
import { hijack, type Hijacked } from '../http/hijack.js'
import { list, must, patient, query, text } from './query.js'

export type SessionOptions = ExchangeOptions & {
  /** What imageBuild names as its session: any text that no other session has. */
  uuid: string
  /** For people. */
  name: string
  /** Sessions of one key may share files that were sent before. */
  sharedkey?: string | undefined
  /** What this side offers: gRPC methods such as /moby.filesync.v1.Auth/Credentials. */
  'grpc-method': readonly string[]
}

const HEADER = 'X-Docker-Expose-Session-'

/**
 * Opens a session: the engine then speaks HTTP/2 over the connection as the client, and first sends its preface. It asks
 * grpc.health.v1.Health/Check again and again, and ends a session that does not answer. bad-parameter if there is a session of that uuid. Deprecated since 1.53;
 * podman has none. The options are the headers that begin with X-Docker-Expose-Session-.
 */
export const session = async (client: Client, options: SessionOptions): Promise<Hijacked> => {
  query(options, { uuid: must(text), name: must(text), sharedkey: text, 'grpc-method': must(list) })
  const { uuid, name, sharedkey = '', 'grpc-method': methods, ...rest } = options
  if (uuid === '' || name === '') throw fail('request-invalid', 'a session needs a uuid and a name')
  const headers = { [`${HEADER}Uuid`]: uuid, [`${HEADER}Name`]: name, [`${HEADER}Sharedkey`]: sharedkey, [`${HEADER}Grpc-Method`]: methods }
  return hijack(client, { method: 'POST', path: '/session', headers, upgrade: 'h2c' }, patient(rest))
}
