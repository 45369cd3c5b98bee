/** Attaching to a container over a WebSocket, for what passes nothing else. */
import { fail } from '../errors.js'
import type { Client } from '../http/exchange.js'
import { webSocket, type WebSocketStream } from '../http/web-socket.js'
import type { ContainerAttachOptions } from './container.js'
import { segment } from './path.js'
import { flag, patient, query, text } from './query.js'

/**
 * Attaches to a container's streams over a WebSocket: what it writes is never multiplexed, so its outputs cannot be told apart, and
 * there is no way to close its stdin but to close it all. Until 1.41 `stdin`, `stdout` and `stderr` are all taken, whatever is asked for. What goes
 * wrong behind the handshake is not reported. Asks for stream, logs or both. Podman 4 has no such operation.
 */
export const containerAttachWebsocket = async (client: Client, id: string, options: ContainerAttachOptions): Promise<WebSocketStream> => {
  const path = `/containers/${segment(id)}/attach/ws${query(options, { detachKeys: text, logs: flag, stream: flag, stdin: flag, stdout: flag, stderr: flag })}`
  if (!options.stream && !options.logs) throw fail('request-invalid', 'containerAttachWebsocket needs stream, logs or both: with neither the engine hangs up at once')
  const { signal, dialMs, headMs, silenceMs } = patient(options)
  return webSocket(client, { path }, { signal, dialMs, headMs, silenceMs })
}
