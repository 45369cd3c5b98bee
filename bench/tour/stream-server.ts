/**
 * The server of the throughput, in a process of its own: it answers each request with the stream. It has to be faster than who
 * reads, so it hands the kernel megabytes at a time, always the same ones.
 */
import { createServer, type Socket } from 'node:net'
import { block, blocks, head, tail } from './stream.js'

const BLOCKS_AT_ONCE = 16

const send = (socket: Socket): void => {
  let left = blocks
  socket.write(head)
  const more = (): void => {
    const count = Math.min(left, BLOCKS_AT_ONCE)
    left -= count
    socket.cork()
    for (let i = 0; i < count; i++) socket.write(block)
    if (left > 0) socket.write('', more)
    else socket.write(tail)
    socket.uncork()
  }
  more()
}

const server = createServer(socket => {
  socket.on('error', () => socket.destroy())
  // A request is one write of its client, and comes as one read.
  socket.on('data', () => send(socket))
})
server.listen(process.argv[2], () => process.send?.('listening'))
// A terminal's interrupt goes to both; whoever started this decides.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
