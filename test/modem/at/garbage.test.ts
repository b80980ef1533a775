import { describe, expect, it } from 'vitest'
import { isApduError } from '../../../src/apdu/errors.ts'
import type { After } from '../../../src/apdu/json/json-asker.ts'
import { createAtApdu, DEADLINES } from '../../../src/modem/at/at-apdu.ts'
import { type BytePort, createAtPort } from '../../../src/modem/at/at-port.ts'

/** mulberry32, public domain. */
const createRandom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}
type Random = ReturnType<typeof createRandom>
const between = (random: Random, low: number, high: number) => low + Math.floor(random() * (high - low + 1))

/** Lines that resemble a response, and URCs. */
const NEARLY = [
  '+CGLA: 4,"9000', // truncated
  '+CGLA: 4,9000"0', // length too short
  '+CGLA: 6,"9000"', // length too long
  '+CGLA: 3,"900"',
  '+CGLA: 2,"90"',
  '+CGLA: "9000"',
  '+CGLA 4,"9000"',
  '+CGLA: 4,"90G0"',
  '+CGLB: 4,"9000"',
  '+CSIM: 4,"6A82"',
  'AT+CGLA=1,10,"80E2910000"',
  '4 "9000"',
  'OKAY',
  'O',
  'K',
  'ok',
  'ERROR 5',
  'ERR',
  '+CME ERR: 13',
  '+CMEERROR: 13',
  'CME ERROR: 13',
  'RING',
  '+CREG: 1,"00A1","01234567",7',
  '+CEREG: 5',
  '+CGEV: ME PDN ACT 1',
  '^RSSI: 18',
  '%CNTI: 0,LTE',
  '>>>',
]

/** A line of garbage without its end; never OK, an error or a complete response. */
const garbage = (random: Random): string => {
  const kind = random()
  if (kind < 0.4) return NEARLY[between(random, 0, NEARLY.length - 1)]!
  const bytes = Array.from({ length: between(random, 0, 24) }, () => between(random, 0, 255))
  const text = String.fromCharCode(...bytes.filter(byte => byte !== 10 && byte !== 13))
  if (kind < 0.7) return text
  // Printable characters only, so that it is a line.
  return text.replace(/[^ -~]/g, '.').replace(/^(OK|ERROR)$/, '.')
}

/** A modem that answers AT+CGLA with the command in reverse, so that each response is unique. */
const answerTo = (command: string): string => {
  if (!command.startsWith('AT+CGLA')) return '\r\nOK\r\n'
  const digits = /"([0-9A-F]*)"$/.exec(command)?.[1] ?? ''
  const response = `${[...digits].reverse().join('')}9000`
  return `\r\n+CGLA: ${response.length},"${response}"\r\n\r\nOK\r\n`
}

/** Deadlines never expire, and pauses are empty. */
const after: After = (ms, run) => {
  if (ms < 1_000) queueMicrotask(run)
  return () => {}
}

/** A port whose modem sends `before`, the response and `behind`, one byte at a time. */
const noisyPort = (around: (answer: string) => string): BytePort => {
  let listener: Parameters<BytePort['listen']>[0] | undefined
  const one = new Uint8Array(1)
  return {
    listen: heard => {
      listener = heard
    },
    write: async sent => {
      const command = Buffer.from(sent).toString('latin1').replace(/\r$/, '')
      const said = Buffer.from(around(answerTo(command)), 'latin1')
      queueMicrotask(() => {
        for (const byte of said) {
          one[0] = byte
          listener!.data(one)
        }
      })
    },
    close: async () => {},
  }
}

const numberOf = (count: number): number[] => [count >>> 24, (count >>> 16) & 0xff, (count >>> 8) & 0xff, count & 0xff]
const turned = (command: Uint8Array): string => `${[...Buffer.from(command).toString('hex')].reverse().join('')}9000`

const LINES = 1_000_000
const SEEDS = 4

describe('garbage between responses', { timeout: 120_000 }, () => {
  it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
    `with seed %i, each response is correct in a quarter of a million lines that are split at every byte`,
    async seed => {
      const random = createRandom(seed)
      let lines = 0
      const some = (): string => {
        let text = ''
        for (let count = between(random, 1, 60); count > 0; count--, lines++) text += `${garbage(random)}\r\n`
        return text
      }
      const apdu = createAtApdu(
        createAtPort(
          noisyPort(answer => `${some()}${answer}${some()}`),
          after,
        ),
        DEADLINES,
      )
      let asked = 0
      while (lines < LINES / SEEDS) {
        const command = Uint8Array.from([0x80, 0xe2, 0x91, asked & 0xff, 4, ...numberOf(asked)])
        const response = Buffer.from(await apdu.cgla('1', command)).toString('hex')
        const expected = turned(command)
        if (response !== expected) expect(response).toBe(expected)
        asked++
      }
      expect(asked).toBeGreaterThan(1_000)
    },
  )

  /** Lines that no parser can detect as garbage. They may hide a response, but are never used as one. */
  it.each([
    ['answers of others', ['+CGLA: 4,"6985"', '+CGLA:4,"9000"', '4,"6A82"', '+CGLA: 8,"01029000"']],
    ['ends of others', ['OK', 'ERROR', '+CME ERROR: 13', '+CMS ERROR: 500', 'NO CARRIER', 'BUSY']],
  ])('with %s, the result is the correct response or garbage', async (_name, others) => {
    const random = createRandom(99)
    const some = (): string =>
      Array.from({ length: between(random, 0, 6) }, () =>
        random() < 0.2 ? others[between(random, 0, others.length - 1)]! : garbage(random),
      )
        .map(line => `${line}\r\n`)
        .join('')
    const apdu = createAtApdu(
      createAtPort(
        noisyPort(answer => `${some()}${answer}${some()}`),
        after,
      ),
      DEADLINES,
    )
    const came = { right: 0, none: 0 }
    for (let asked = 0; asked < 5_000; asked++) {
      const command = Uint8Array.from([0x80, 0xe2, 0x91, asked & 0xff, 4, ...numberOf(asked)])
      try {
        const response = Buffer.from(await apdu.cgla('1', command)).toString('hex')
        if (response !== turned(command)) expect(response).toBe(turned(command))
        came.right++
      } catch (error) {
        if (!isApduError(error, 'card-mute', 'bad-response', 'timed-out')) throw error
        came.none++
      }
    }
    expect(came.right).toBeGreaterThan(1_000)
    expect(came.none).toBeGreaterThan(100)
  })
})
