/** The certificates that the docker command line finds by name in one directory (docker/cli: cli/flags/options.go). */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { fail } from '../errors.js'
import type { TlsOptions } from '../io/dial-tls.js'

const readPem = async (variable: string, path: string): Promise<string | undefined> => {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
    if (reason === 'ENOENT') return undefined
    throw fail('config-invalid', `${variable}: ${path} cannot be read${reason ? ` (${reason})` : ''}`, { cause, ...(reason && { reason }) })
  }
  // node:tls takes no text for nothing.
  if (text.trim() === '') throw fail('config-invalid', `${variable}: ${path} is empty`)
  return text
}

/**
 * Reads ca.pem, and the pair of cert.pem and key.pem if there is one. The authority may be missing only where nothing is verified.
 * Errors: config-invalid, which names `variable`.
 */
export const readTlsFiles = async (variable: string, directory: string, verify: boolean): Promise<TlsOptions> => {
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map(name => readPem(variable, join(directory, name))))
  if (verify && ca === undefined) throw fail('config-invalid', `${variable}: there is no ca.pem in ${directory}, which the engine's certificate would be verified with`)
  if ((cert === undefined) !== (key === undefined)) throw fail('config-invalid', `${variable}: ${directory} has ${cert === undefined ? 'key.pem without cert.pem' : 'cert.pem without key.pem'}`)
  try {
    createSecureContext({ ca, cert, key })
    // A context takes any text for an authority.
    if (ca !== undefined) new X509Certificate(ca)
  } catch (cause) {
    throw fail('config-invalid', `${variable}: the certificates in ${directory} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  return { ca, cert, key, verify }
}
