/** Ids and names in the path of a request. What could lead elsewhere than to the thing it names is refused. */
import { fail } from '../errors.js'

/** Percent-encodes text (UTF-8, RFC 3986 section 2.1). Errors: request-invalid for a lone surrogate, which has no UTF-8. */
export const escape = (text: string): string => {
  try {
    return encodeURIComponent(text)
  } catch (cause) {
    throw fail('request-invalid', `${JSON.stringify(text)} is not well-formed text`, { cause })
  }
}

const part = (text: string, whole: unknown): string => {
  if (text === '' || text === '.' || text === '..' || /[\0-\x1f\x7f]/.test(text)) throw fail('request-invalid', `${JSON.stringify(whole)} cannot name anything: it must not be empty, and have neither control characters nor the segments '', '.' and '..'`)
  return escape(text)
}

const check = (name: unknown): string => {
  if (typeof name !== 'string') throw fail('request-invalid', `an id or a name must be a string, not ${name === null ? 'null' : typeof name}`)
  return name
}

/** An id, or a name without slashes, as one segment. Errors: request-invalid. */
export const segment = (id: string): string => {
  if (check(id).includes('/')) throw fail('request-invalid', `${JSON.stringify(id)} has a slash: leave out the one that the engine puts before a container's name`)
  return part(id, id)
}

/** An image's name, id or digest, whose slashes, colons and at signs stay (daemon: routes with {name:.*}). Errors: request-invalid. */
export const segments = (name: string): string =>
  check(name)
    .split('/')
    .map(text => part(text, name).replace(/%3A/g, ':').replace(/%40/g, '@'))
    .join('/')
