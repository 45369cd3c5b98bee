/** The floor: what a socket of node:net gives to who reads it through `onread` and knows beforehand what will come. */
import { connect, type Socket } from 'node:net'
import type { Running } from './bench.js'

const READ_BYTES = 64 * 1024

/** Connects, and hands each read to `take` as the buffer that all sockets share. */
const open = (path: string, slab: Buffer, take: (socket: Socket, length: number) => void): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      path,
      onread: {
        buffer: slab,
        callback(length) {
          take(socket, length)
          return true
        },
      },
    })
    socket.on('error', reject)
    socket.on('connect', () => resolve(socket))
  })

/** How long the response to `request` is, head included: all of them are as long. */
const learn = (path: string, request: string): Promise<number> =>
  new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ path })
    socket.on('error', reject)
    socket.on('connect', () => socket.write(request, 'latin1'))
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      const head = text.indexOf('\r\n\r\n')
      const length = /^content-length: *(\d+)/im.exec(text)?.[1]
      if (head < 0 || length === undefined || text.length < head + 4 + Number(length)) return
      socket.destroy()
      if (text.length > head + 4 + Number(length)) reject(new Error('more came than one response'))
      else resolve(text.length)
    })
  })

/** Small requests, `inFlight` at a time, each on its own connection: waits for as many octets as a response has. */
export const bareRequests = async (path: string, request: string, inFlight: number): Promise<Running> => {
  const size = await learn(path, request)
  const slab = Buffer.allocUnsafeSlow(READ_BYTES)
  const sockets: Socket[] = []
  let todo = 0
  let done = 0
  let finish = (): void => {}
  let refuse = (_: Error): void => {}
  for (let i = 0; i < inFlight; i++) {
    let got = 0
    sockets.push(
      await open(path, slab, (socket, length) => {
        got += length
        if (got < size) return
        if (got > size) return refuse(new Error(`${got} octets came where ${size} were right`))
        got = 0
        done++
        if (todo > 0) {
          todo--
          socket.write(request, 'latin1')
        } else if (done === wanted) finish()
      }),
    )
  }
  let wanted = 0
  return {
    run: amount =>
      new Promise((resolve, reject) => {
        wanted = amount
        todo = amount
        done = 0
        finish = () => resolve(amount)
        refuse = reject
        for (const socket of sockets.slice(0, amount)) {
          todo--
          socket.write(request, 'latin1')
        }
      }),
  }
}

/** One response after the other, each of `size` octets on the wire that hold `units` units: counts octets, looks at none. */
export const bareStream = async (path: string, request: string, size: number, units: number, by: 'onread' | 'data'): Promise<Running> => {
  const slab = Buffer.allocUnsafeSlow(READ_BYTES)
  let got = 0
  let left = 0
  let finish = (): void => {}
  let refuse = (_: Error): void => {}
  const take = (socket: Socket, length: number): void => {
    got += length
    if (got < size) return
    if (got > size) return refuse(new Error(`${got} octets came where ${size} were right`))
    got = 0
    if (--left > 0) socket.write(request, 'latin1')
    else finish()
  }
  const socket =
    by === 'onread'
      ? await open(path, slab, take)
      : await new Promise<Socket>((resolve, reject) => {
          const plain = connect({ path })
          plain.on('error', reject)
          plain.on('data', chunk => take(plain, chunk.length))
          plain.on('connect', () => resolve(plain))
        })
  return {
    run: amount =>
      new Promise((resolve, reject) => {
        left = amount
        finish = () => resolve(amount * units)
        refuse = reject
        socket.write(request, 'latin1')
      }),
  }
}
