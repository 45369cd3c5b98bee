/** The header in which the engine describes a path in a container: standard base64 of JSON (daemon: server/router/container/copy.go). */
import { utf8 } from '../bytes.js'
import { fail } from '../errors.js'
import type { Response } from '../http/exchange.js'
import { header } from '../wire/response-head.js'
import type { ContainerPathStat } from './container-types.js'

const NAME = 'X-Docker-Container-Path-Stat'

/** Errors: head-malformed where it is missing or is no such thing. */
export const pathStat = (response: Response): ContainerPathStat => {
  const { method, path } = response
  const value = header(response, NAME)
  try {
    const octets = Uint8Array.from(atob(value ?? ''), c => c.charCodeAt(0))
    return JSON.parse(utf8(octets)) as ContainerPathStat
  } catch (cause) {
    throw fail('head-malformed', `the answer to ${method} ${path} has ${value === undefined ? 'no' : 'an unreadable'} ${NAME}`, { method, path, cause })
  }
}
