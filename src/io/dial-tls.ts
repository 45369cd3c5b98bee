/** TLS over TCP (RFC 8446), with certificates on both sides where the engine asks for them (dockerd --tlsverify). */
import { isIP } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import { fail, isError } from '../errors.js'
import type { Dial } from './connection.js'
import { dialSocket, explainer } from './dial-socket.js'
import { formatAddress, TCP_EXPLANATIONS, TCP_OPTIONS, type TcpAddress } from './dial-tcp.js'

type Pem = string | Uint8Array | readonly (string | Uint8Array)[]

export type TlsOptions = {
  /** Authorities to trust, in PEM; without it those of the runtime. They replace the runtime's. */
  ca?: Pem | undefined
  /** The client's certificate in PEM, with its chain; needs `key`. */
  cert?: Pem | undefined
  key?: string | Uint8Array | undefined
  /** Of an encrypted key. */
  passphrase?: string | undefined
  /** The name that the certificate must carry, where it is not the host's. */
  servername?: string | undefined
  /** `false` trusts whoever answers: for tests, and for nothing else. */
  verify?: boolean | undefined
}

/**
 * Dials TLS 1.2 or later. The connection is handed over only after the peer's certificate was verified.
 *
 * Errors: those of dialTcp; tls-certificate with the runtime's `reason` (CERT_HAS_EXPIRED, DEPTH_ZERO_SELF_SIGNED_CERT,
 * ERR_TLS_CERT_ALTNAME_INVALID, …); tls-unsupported where the port speaks no TLS; tls-failed for any other failed handshake.
 */
export const dialTls = (address: TcpAddress, { ca, cert, key, passphrase, servername, verify = true }: TlsOptions = {}): Dial => {
  const host = formatAddress(address)
  const peer = `https://${host}`
  if ((cert === undefined) !== (key === undefined)) throw fail('config-invalid', `${peer}: a client certificate needs both cert and key`)
  const explain = explainer(peer, TCP_EXPLANATIONS)
  const name = servername ?? (isIP(address.host) ? '' : address.host)
  const dial = dialSocket(
    onread => {
      try {
        // @types/node has neither onread nor half-open for tls.connect; both are documented for it and work since Node 12.
        const options = { host: address.host, port: address.port, ca, cert, key, passphrase, servername: name, rejectUnauthorized: verify, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], ...TCP_OPTIONS, onread }
        return connect(options as ConnectionOptions)
      } catch (cause) {
        throw fail('config-invalid', `${peer}: the certificates cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, { peer, cause })
      }
    },
    'secureConnect',
    { peer, host, explain: error => explainTls(peer, error) ?? explain(error) },
  )
  return async options => {
    try {
      return await dial(options)
    } catch (error) {
      if (!isError(error, 'connection-lost') && !isError(error, 'connection-closed')) throw error
      throw fail('tls-failed', `${peer}: the connection broke off during the TLS handshake: does this port speak TLS?`, { peer, reason: error.reason ?? error.code, cause: error })
    }
  }
}

const explainTls = (peer: string, error: NodeJS.ErrnoException): Error | undefined => {
  const reason = error.code ?? ''
  const details = { peer, reason, cause: error }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(`${reason} ${error.message}`)) return fail('tls-unsupported', `${peer}: the port does not speak TLS: dial it with dialTcp or a tcp:// address without TLS`, details)
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA)|ALERT_HANDSHAKE_FAILURE/.test(reason)) return fail('tls-certificate', `${peer}: the engine refuses the client's certificate, or wants one and got none: ${error.message}`, details)
  if (/CERT|SELF_SIGNED|UNABLE_TO|ISSUER|CRL|HOSTNAME/.test(reason)) return fail('tls-certificate', `${peer}: the engine's certificate is not trusted: ${error.message} (${reason})`, details)
  if (/^ERR_SSL|^ERR_TLS|EPROTO/.test(reason)) return fail('tls-failed', `${peer}: the TLS handshake failed: ${error.message}`, details)
  return undefined
}
