/** A program for an image that is packed here: the host's busybox, where it has a static one for the engine's processor. */
import { readFileSync } from 'node:fs'

const PLACES = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/local/bin/busybox']

/** ELF's number of each processor, by Go's name of it, which engines use (gabi: e_machine). */
const MACHINES: Readonly<Record<string, number>> = { 386: 3, ppc64le: 21, s390x: 22, arm: 40, amd64: 62, arm64: 183, riscv64: 243 }

/** The processor of an ELF program that needs nothing but a kernel; undefined for any other file. */
const staticMachine = (bytes: Buffer): number | undefined => {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== '\x7fELF') return undefined
  const wide = bytes[4] === 2
  const little = bytes[5] === 1
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const headers = wide ? u32(little ? 0x20 : 0x24) : u32(0x1c)
  const size = u16(wide ? 0x36 : 0x2a)
  const count = u16(wide ? 0x38 : 0x2c)
  if (headers + size * count > bytes.length) return undefined
  // PT_INTERP names a loader, which the image would not have.
  for (let i = 0; i < count; i++) if (u32(headers + i * size) === 3) return undefined
  return u16(0x12)
}

/** Reads it, if there is one. */
export const findBusybox = (arch: string): Uint8Array | undefined => {
  for (const place of PLACES) {
    try {
      const bytes = readFileSync(place)
      if (staticMachine(bytes) === MACHINES[arch] && MACHINES[arch] !== undefined) return bytes
    } catch {
      // Not there, or not ours to read.
    }
  }
  return undefined
}
