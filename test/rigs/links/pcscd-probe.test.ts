import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pcscdAnswers, probePcscd } from '../../../src/rigs/links/pcscd-probe.ts'
import { startReader, type VirtualReader, whyNoReader } from '../../pcsc/virtual-reader.ts'

/** The time is up when nothing else can happen any more, or never. */
const atOnce = (_ms: number, run: () => void) => {
  const timer = setTimeout(run, 50)
  return () => clearTimeout(timer)
}
const never = () => () => {}

describe('probePcscd', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'probe-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('probePcscd returns true without a listener, because the PC/SC calls report it', async () => {
    expect(await probePcscd(join(folder, 'none'), never)).toBe(true)
    // A name of digits is a name, and no port.
    expect(await probePcscd('99999', never)).toBe(true)
    const before = process.env.PCSCLITE_CSOCK_NAME
    process.env.PCSCLITE_CSOCK_NAME = ''
    try {
      expect(await pcscdAnswers()).toBe(true)
    } finally {
      if (before === undefined) delete process.env.PCSCLITE_CSOCK_NAME
      else process.env.PCSCLITE_CSOCK_NAME = before
    }
  })

  it('probePcscd returns true if the peer answers or closes the connection', async () => {
    for (const say of ['end', 'write'] as const) {
      const server = createServer(call => call.once('data', () => void call[say]('x'))).listen(join(folder, say))
      await new Promise(resolve => server.once('listening', resolve))
      expect(await probePcscd(join(folder, say), never)).toBe(true)
      await new Promise(resolve => server.close(resolve))
    }
  })
})

const reason = whyNoReader()
describe.skipIf(reason)(`whether pcscd itself answers${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let reader: VirtualReader
  beforeAll(async () => {
    reader = await startReader()
  })
  afterAll(async () => reader?.stop())

  it('pcscd answers the probe, except while its process is stopped', async () => {
    const pid = Number(reader.socket.split('/')[2])
    expect(await probePcscd(reader.socket, never)).toBe(true)
    process.kill(pid, 'SIGSTOP')
    try {
      while (!/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await new Promise(setImmediate)
      expect(await probePcscd(reader.socket, atOnce)).toBe(false)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    expect(await probePcscd(reader.socket, never)).toBe(true)
  })
})
