import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { LinePort } from '../../../src/apdu/json/json-asker.ts'
import { connectSocket, startProgram } from '../../../src/rigs/links/line-ports.ts'

const groupOf = (stat: string): string => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]!
const OWN = '/proc/self/stat'
const noProc = existsSync(OWN) ? '' : ` (skipped: no ${OWN}, which is a matter of Linux)`

/** Until its new parent has taken note of its end, a process is there as a zombie. */
const isAlive = (pid: string): boolean => {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const firstLine = (port: LinePort): Promise<string> =>
  new Promise(resolve => {
    port.listen({ line: line => resolve(line.kind === 'line' ? line.text : ''), gone: resolve })
  })

describe('startProgram', () => {
  it.skipIf(noProc)(`startProgram protects the program from Ctrl-C of the terminal${noProc}`, async () => {
    const port = await startProgram(['cat', OWN], '.')
    const group = groupOf(await firstLine(port))
    expect(group).toMatch(/^\d+$/)
    expect(group).not.toBe(groupOf(readFileSync(OWN, 'utf8')))
    await port.close()
  })

  it.skipIf(noProc)(`close() ends the program and its child processes${noProc}`, async () => {
    const port = await startProgram(['sh', '-c', 'trap "" TERM; sleep 1000 & echo $!; wait'], '.')
    const child = await firstLine(port)
    expect(isAlive(child)).toBe(true)
    await port.close()
    while (isAlive(child)) await new Promise(resolve => setImmediate(resolve))
  })

  it.each([
    ['an empty name', () => startProgram([''], '.')],
    ['a byte 0 in its name', () => startProgram(['a\0b'], '.')],
    ['a folder', () => startProgram(['/'], '.')],
    ['a port that there is not', () => connectSocket('127.0.0.1', 99_999)],
  ])('is named as what cannot be reached, with %s', async (_name, reach) => {
    await expect(reach()).rejects.toMatchObject({ name: 'ApduError', code: 'port-gone' })
  })
})

describe('connectSocket', () => {
  it('close() closes a socket whose peer does not read', async () => {
    const taken: Socket[] = []
    // Paused from the start: what is written stays in the buffers of the system, and the rest with the writer.
    const deaf = createServer({ pauseOnConnect: true }, socket => {
      taken.push(socket.on('error', () => undefined))
    })
    await new Promise<void>(resolve => void deaf.listen(0, '127.0.0.1', resolve))
    try {
      const port = await connectSocket('127.0.0.1', (deaf.address() as AddressInfo).port)
      port.send('x'.repeat(32 << 20))
      await port.close()
    } finally {
      for (const socket of taken) socket.destroy()
      await new Promise(resolve => deaf.close(resolve))
    }
  })
})
