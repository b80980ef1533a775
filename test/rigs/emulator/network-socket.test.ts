import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Channel } from '../../../src/apdu/channel.ts'
import type { NetworkAccess } from '../../../src/modem/radio/registration.ts'
import { attachThrough } from '../../../src/rigs/emulator/bench-network.ts'
import { getNetworkSocketPath, openNetworkSocket } from '../../../src/rigs/emulator/network-socket.ts'
import { createNetwork } from '../../../src/server/network/network.ts'
import { scripted } from '../../apdu/scripted-channel.ts'
import { READ } from '../../modem/radio/scripted-usim.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'

const NOW = new Date('2026-11-23T00:00:00Z')

describe('the network socket of a running bench', () => {
  let folder: string
  let open: { close(): Promise<void> } | undefined
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esim-bench-network-'))
  })
  afterEach(async () => {
    await open?.close()
    rmSync(folder, { recursive: true })
  })
  const nobody = () =>
    createNetwork({
      here: { plmn: '00101', name: 'Test' },
      subscribers: () => undefined,
      clock: () => NOW,
      random: seededRandom('network'),
    })
  const noCard: Channel = { transmit: () => expect.unreachable('the card was asked') }

  it('attachThrough returns undefined without a bench and sends no command to the card', async () => {
    expect(await attachThrough(getNetworkSocketPath(folder))(noCard)).toBeUndefined()
  })

  it('the network socket is accessible only to its user, independent of folder rights and umask', async () => {
    const before = process.umask(0)
    try {
      open = await openNetworkSocket(getNetworkSocketPath(folder), nobody())
    } finally {
      process.umask(before)
    }
    expect(statSync(getNetworkSocketPath(folder)).mode & 0o777).toBe(0o600)
  })

  it('openNetworkSocket replaces the socket of a dead process and removes its own at the end', async () => {
    const path = getNetworkSocketPath(folder)
    writeFileSync(path, 'left')
    open = await openNetworkSocket(path, nobody())
    expect(statSync(path).isSocket()).toBe(true)
    await open.close()
    expect(() => statSync(path)).toThrow(/ENOENT/)
    open = undefined
  })

  it.each([
    ['garbage', '\u0000\u0001{'],
    ['no object', '7'],
    ['a question too many', '{"imsi":"001010000000001","res":"00","auts":"00"}'],
    ['no hexadecimal', '{"imsi":"001010000000001","res":"zz"}'],
    ['an answer without a question', '{"imsi":"001010000000001","res":"0011223344556677"}'],
    ['nobody', '{"imsi":"001010000000001"}'],
  ])('refuses %s, and goes on', async (_name, line) => {
    const path = getNetworkSocketPath(folder)
    open = await openNetworkSocket(path, nobody())
    const socket = connect(path)
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
    for (let time = 0; time < 2; time++) {
      socket.write(`${line}\n`)
      const { value } = await lines.next()
      expect(JSON.parse(value!)).toEqual({
        refused: expect.stringMatching(/^(not-understood|unknown-subscriber)$/),
      })
    }
    socket.destroy()
  })

  it.each([
    ['a line that is too long', '\n'],
    ['what never comes to the end of a line', ''],
  ])('hangs up on %s', async (_name, end) => {
    const path = getNetworkSocketPath(folder)
    open = await openNetworkSocket(path, nobody())
    const socket = connect(path)
    const ended = new Promise(resolve => socket.once('close', resolve))
    socket.write(`${'x'.repeat(2_000)}${end}`)
    await ended
  })

  it('the network socket answers in the order of the requests', async () => {
    const path = getNetworkSocketPath(folder)
    const slow: NetworkAccess = {
      challenge: async imsi => {
        // Longer than what is read with it takes.
        if (imsi === 'first') await new Promise(resolve => setImmediate(resolve))
        return { refused: imsi }
      },
      answer: () => expect.unreachable(),
    }
    open = await openNetworkSocket(path, slow)
    const socket = connect(path)
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
    socket.write('{"imsi":"first"}\n{"imsi":"second"}\n7\n')
    for (const refused of ['first', 'second', 'not-understood'])
      expect(JSON.parse((await lines.next()).value!)).toEqual({ refused })
    socket.destroy()
  })

  it.each([
    ['is no JSON', 'HTTP/1.1 400 Bad Request'],
    ['is none of its answers', '{"rand":"00"}'],
  ])('counts as a refusal for the modem where what comes back %s', async (_name, line) => {
    const path = getNetworkSocketPath(folder)
    const stranger = createServer(socket => {
      socket.on('error', () => undefined)
      socket.on('data', () => socket.write(`${line}\n`))
    })
    await new Promise<void>(resolve => void stranger.listen(path, resolve))
    open = { close: () => new Promise(resolve => void stranger.close(() => resolve())) }
    await expect(attachThrough(path)(scripted(...READ))).rejects.toMatchObject({
      name: 'ModemError',
      code: 'refused',
      reason: 'not-understood',
    })
  })
})
