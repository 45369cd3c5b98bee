/** What the canned server says: made once, the same on both sides, so that a client knows which bytes must come. */

export const PING = 'HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nCache-Control: no-cache, no-store, must-revalidate\r\nContent-Type: text/plain; charset=utf-8\r\nDocker-Experimental: false\r\nOstype: linux\r\nPragma: no-cache\r\nServer: Docker/27.5.1 (linux)\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 2\r\n\r\nOK'

/** Octets of payload in what the server repeats, whatever they are framed in. */
export const BLOCK = 1024 * 1024
/** Blocks of one body. */
export const BLOCKS = 32

/** How a body is framed: by its length, in chunks of `piece` octets, or in mux frames of `piece` octets, an HTTP chunk each. */
export type Framing = { kind: 'length' | 'chunked' | 'mux'; piece: number; blocks: number }

/** The id of a container whose logs, export and archive are this body. */
export const idOf = ({ kind, piece, blocks }: Framing): string => `${kind}-${piece}-${blocks}`

export const framingOf = (path: string): Framing | undefined => {
  const match = /\/containers\/(length|chunked|mux)-(\d+)-(\d+)\/(?:export|logs|archive)(?:\?|$)/.exec(path)
  return match ? { kind: match[1] === 'mux' ? 'mux' : match[1] === 'chunked' ? 'chunked' : 'length', piece: Number(match[2]), blocks: Number(match[3]) } : undefined
}

/** One block of payload: octets of a linear congruence, the same on every machine. */
export const payload = (): Uint8Array => {
  const words = new Uint32Array(BLOCK / 4)
  let word = 42
  for (let i = 0; i < words.length; i++) words[i] = word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0
  return new Uint8Array(words.buffer)
}

/** The stream of the frame at this place among the frames of a block: every fourth is stderr. */
export const streamOf = (index: number): 1 | 2 => (index % 4 === 3 ? 2 : 1)

export const headOf = ({ kind, blocks }: Framing): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/${kind === 'mux' ? 'vnd.docker.multiplexed-stream' : 'octet-stream'}\r\n${kind === 'length' ? `Content-Length: ${BLOCK * blocks}` : 'Transfer-Encoding: chunked'}\r\n\r\n`

export const tailOf = ({ kind }: Framing): string => (kind === 'length' ? '' : '0\r\n\r\n')

/** Octets of one whole response on the wire. */
export const wireSize = (framing: Framing): number => {
  const { kind, piece, blocks } = framing
  const frame = kind === 'mux' ? piece + FRAME_HEADER : piece
  const block = kind === 'length' ? BLOCK : (BLOCK / piece) * (frame + frame.toString(16).length + 4)
  return headOf(framing).length + block * blocks + tailOf(framing).length
}

const FRAME_HEADER = 8

/** One block in its framing. */
export const blockOf = ({ kind, piece }: Framing): Uint8Array => {
  const plain = payload()
  if (kind === 'length') return plain
  const parts: Uint8Array[] = []
  for (let at = 0, index = 0; at < BLOCK; at += piece, index++) {
    const bytes = plain.subarray(at, at + piece)
    const header = kind === 'mux' ? frameHeader(streamOf(index), bytes.length) : new Uint8Array(0)
    parts.push(Buffer.from(`${(header.length + bytes.length).toString(16)}\r\n`), header, bytes, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}

const frameHeader = (stream: number, length: number): Uint8Array => {
  const header = Buffer.alloc(FRAME_HEADER)
  header[0] = stream
  header.writeUInt32BE(length, 4)
  return header
}

/** Throws unless both are the same: a fast answer that is wrong is none. */
export const same = (what: string, actual: unknown, wanted: unknown): void => {
  if (actual !== wanted) throw new Error(`${what}: ${String(actual)} came where ${String(wanted)} was right`)
}

/** A list of containers as engines give it: the fields, and about the size, of a real one's. */
export const containerList = (count: number): unknown[] => {
  const list: unknown[] = []
  for (let i = 0; i < count; i++) {
    const id = (i * 2_654_435_761).toString(16).padStart(16, '0').repeat(4)
    list.push({
      Id: id,
      Names: [`/service-${i}_worker.${i % 7}`],
      Image: `registry.example.org/team-${i % 13}/service:1.${i % 40}.${i % 9}`,
      ImageID: `sha256:${id}`,
      Command: '/usr/local/bin/entrypoint.sh --listen 0.0.0.0:8080 --log-level info',
      Created: 1_700_000_000 + i,
      Ports: [{ IP: '0.0.0.0', PrivatePort: 8080, PublicPort: 20_000 + i, Type: 'tcp' }, { IP: '::', PrivatePort: 8080, PublicPort: 20_000 + i, Type: 'tcp' }],
      Labels: { 'com.docker.compose.project': `project-${i % 50}`, 'com.docker.compose.service': `service-${i}`, 'com.docker.compose.container-number': '1', 'com.docker.compose.config-hash': id, 'org.opencontainers.image.title': 'Größe — 大きさ' },
      State: 'running',
      Status: `Up ${i % 23} hours (healthy)`,
      HostConfig: { NetworkMode: `project-${i % 50}_default` },
      NetworkSettings: { Networks: { [`project-${i % 50}_default`]: { IPAMConfig: null, Links: null, Aliases: null, NetworkID: id, EndpointID: id, Gateway: '172.20.0.1', IPAddress: `172.20.${i >> 8}.${i & 255}`, IPPrefixLen: 16, IPv6Gateway: '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0, MacAddress: '02:42:ac:14:00:02', DriverOpts: null } } },
      Mounts: [{ Type: 'volume', Name: `project-${i % 50}_data`, Source: '', Destination: '/data', Driver: 'local', Mode: 'z', RW: true, Propagation: '' }],
    })
  }
  return list
}

/** Lines of a pull's progress, as engines write them: one record and CRLF, an HTTP chunk each. */
export const progressLines = (count: number): string[] => {
  const lines: string[] = []
  for (let i = 0; i < count; i++) {
    const current = i * 131_072
    lines.push(`${JSON.stringify({ status: 'Downloading', progressDetail: { current, total: 500_000_000 }, progress: `[=====>                                             ]  ${(current / 1e6).toFixed(2)}MB/500MB`, id: (i % 8).toString(16).repeat(12) })}\r\n`)
  }
  return lines
}

/** Records of one answer with progress lines, and containers of one list. */
export const LINES = 20_000
export const CONTAINERS = 1000
