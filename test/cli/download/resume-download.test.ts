import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import { ApduError } from '../../../src/apdu/errors.ts'
import { openContext } from '../../../src/bench/context.ts'
import { downloadCommand } from '../../../src/cli/download/download-command.ts'
import { runProgram } from '../../../src/cli/main.ts'
import { openThere, type There } from '../card/card-fixture.ts'

let there: There
beforeAll(async () => {
  there = await openThere()
})
afterAll(() => there.close())

/** Loses the first answer to ES10b.GetEUICCChallenge: after what is read, before any server is asked. */
const losing = (card: Card): Card => {
  let isLost = false
  return {
    get atr() {
      return card.atr
    },
    reset: () => card.reset(),
    close: () => card.close(),
    exclusive: work =>
      card.exclusive(channel =>
        work({
          transmit: async command => {
            const answer = await channel.transmit(command)
            if (isLost || command[1] !== 0xe2 || command[5] !== 0xbf || command[6] !== 0x2e) return answer
            isLost = true
            throw new ApduError('exchange-lost', 'the reader lost it')
          },
        }),
      ),
  }
}

/** A download as lpac does it, with a card that stays in hand. */
const download = async (matchingId: string): Promise<{ exitCode: number; lines: string[] }> => {
  const { runtime, out } = there.here.runtimeOf(new AbortController().signal)
  const [, certs] = there.place
  const [, at] = there.toServer
  const [host, port] = at!.split(':')
  const workplace = openContext(runtime, { certs: certs!, curve: 'nist' })
  try {
    const device = await workplace.open(undefined)
    try {
      const held = { workplace, device: { ...device, card: losing(device.card) } }
      const options = { lpac: true, smdp: there.smdpHost, matchingId, connectTo: { host: host!, port: Number(port) } }
      const exitCode = await downloadCommand({ ...runtime, held }, undefined, { ...options, curve: 'nist' })
      return { exitCode, lines: out().trimEnd().split('\n') }
    } finally {
      await device.close()
    }
  } finally {
    workplace.close()
  }
}
const steps = (lines: readonly string[]): string[] => lines.map(line => JSON.parse(line).payload.message as string)

describe('lpac output of a resumed download', () => {
  it('lpac output contains each step of the second attempt once', async () => {
    const { matchingId } = await there.order()
    const { exitCode, lines } = await download(matchingId)
    expect(exitCode).toBe(0)
    const told = steps(lines)
    expect(told.filter(step => step === 'es10b_prepare_download')).toHaveLength(1)
    expect(told.at(-1)).toBe('success')
  })

  it('lpac output contains one cancellation if the second attempt fails', async () => {
    const { exitCode, lines } = await download('NO-SUCH-ORDER')
    expect(exitCode).toBe(255)
    expect(steps(lines).filter(step => step === 'es10b_cancel_session')).toHaveLength(1)
  })
})

it('a command interrupted while it opens the card changes nothing on the card', async () => {
  const { runtime, out, err } = there.here.runtimeOf(AbortSignal.abort(new Error('interrupted')))
  const name = `late-${randomBytes(2).toString('hex')}.example.com`
  expect(await runProgram(runtime, ['card', 'default-smdp', name, ...there.place])).toBe(1)
  expect([out(), err()]).toEqual(['', 'esim-bench: interrupted\n'])
  const info = await there.card('info', '--json')
  expect(info.json()).not.toMatchObject({ addresses: { defaultSmdpAddress: name } })
})
