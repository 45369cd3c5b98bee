/** hawser/io: connections, and the dials that open them. */
export type { Connection, Dial, DialOptions, Reader } from './connection.js'
export { dialPipe, dialUnix, DEFAULT_PIPE, DEFAULT_SOCKET } from './dial-unix.js'
export { dialTcp, type TcpAddress } from './dial-tcp.js'
export { dialTls, type TlsOptions } from './dial-tls.js'
export { dialUrl } from './dial-url.js'
export { DIAL_MS, READ_BYTES } from './dial-socket.js'
