import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import { toHex } from '../../../src/asn1/bytes.ts'
import { loadBinding } from '../../../src/pcsc/load-binding.ts'
import { createTestCard, testIdentity } from '../../euicc/card.ts'
import { startReader, untilSeen, type VirtualReader, whyNoReader } from '../../pcsc/virtual-reader.ts'
import { type BenchProgram, compileBench } from '../bench-process.ts'
import { createCliFixture } from '../runtime.ts'

const EID = toHex(testIdentity().eid)

const reason =
  whyNoReader() ??
  (await loadBinding('smartcard').then(
    () => undefined,
    () => 'npm smartcard is not installed or does not load',
  ))

/** The same card, which thinks about its answer number `at` until it is let go. */
const ponder = (card: Card, at: number) => {
  let count = 0
  let letGo = (): void => {}
  const gate = new Promise<void>(resolve => {
    letGo = resolve
  })
  let reached = (): void => {}
  const isThere = new Promise<void>(resolve => {
    reached = resolve
  })
  const slow: Card = {
    ...card,
    atr: card.atr,
    exclusive: procedure =>
      card.exclusive(channel =>
        procedure({
          transmit: async command => {
            if (++count === at) {
              reached()
              await gate
            }
            return channel.transmit(command)
          },
        }),
      ),
  }
  return { card: slow, isThere, letGo }
}

describe.skipIf(reason)(`two benches and one card${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let reader: VirtualReader
  let program: BenchProgram
  const [one, other] = [createCliFixture(), createCliFixture()]
  beforeAll(async () => {
    reader = await startReader()
    process.env.PCSCLITE_CSOCK_NAME = reader.socket
    program = await compileBench()
    for (const { folder } of [one, other]) {
      mkdirSync(join(folder, 'rigs'))
      writeFileSync(join(folder, 'rigs', 'desk.yaml'), 'name: desk\nlink: { pcsc: { reader: "Virtual*" } }\n')
      writeFileSync(join(folder, 'rigs', 'known.yaml'), `name: known\nlink: { pcsc: { eid: "${EID}" } }\n`)
      writeFileSync(join(folder, 'rigs', 'gone.yaml'), `name: gone\nlink: { pcsc: { eid: "${'8'.repeat(32)}" } }\n`)
    }
  })
  afterAll(async () => {
    program?.remove()
    await reader?.stop()
    one.remove()
    other.remove()
  })
  const info = (place: typeof one, rig: string) =>
    program.run(['card', 'info', '--rig', rig, '--json'], { folder: place.folder, environment: {} })

  it('the second process names the process that uses the card and gets the card after its end', async () => {
    const { card } = await createTestCard()
    // Beyond the look, in the middle of what the first one does.
    const { card: slow, isThere, letGo } = ponder(card, 12)
    await reader.insert(slow)
    await untilSeen('smartcard', true)
    const first = info(one, 'desk')
    await isThere
    const second = await info(other, 'desk')
    expect(second.exitCode).toBe(1)
    expect(second.err).toMatch(
      /^esim-bench: the rig desk is not attached: Virtual Test Reader 00 00: another program holds the card \(SCARD_E_SHARING_VIOLATION\); end the other program .*\n$/,
    )
    // The card with this EID may be the one that nobody can ask.
    const byEid = await info(other, 'known')
    expect(byEid.err).toMatch(/no reader has the card with the EID \d{32}: .*SCARD_E_SHARING_VIOLATION/)
    letGo()
    expect(await first).toMatchObject({ exitCode: 0, out: expect.stringContaining(EID) })
    expect(await info(other, 'desk')).toMatchObject({ exitCode: 0, out: expect.stringContaining(EID) })
  })

  it('a rig selects its card by EID and otherwise lists the cards found', async () => {
    expect(await info(one, 'known')).toMatchObject({ exitCode: 0, out: expect.stringContaining(EID) })
    const { exitCode, err } = await info(one, 'gone')
    expect(exitCode).toBe(1)
    expect(err).toContain(`Virtual Test Reader 00 00: its card has the EID ${EID}`)
    expect(err).toContain('Virtual Test Reader 00 01: it has no card')
  })
})
