import { describe, expect, it } from 'vitest'
import { type BytePort, createAtPort } from '../../../src/modem/at/at-port.ts'
import { createVirtualTime } from '../modem-fixture.ts'

const IMEI = '356938035643809'
const PROBE = { text: 'AT+CGSN', reply: new RegExp(`^${IMEI}$`) }

/** A port with a scripted modem: for each command, lines with their delay in milliseconds. */
const scripted = (script: Readonly<Record<string, readonly (readonly [number, string])[]>>) => {
  const time = createVirtualTime()
  const asked: string[] = []
  let listener: Parameters<BytePort['listen']>[0] | undefined
  const bytePort: BytePort = {
    listen: heard => {
      listener = heard
    },
    write: async sent => {
      const text = Buffer.from(sent).toString('latin1').trim()
      asked.push(text)
      for (const [ms, line] of script[text] ?? [])
        time.after(ms, () => listener!.data(new TextEncoder().encode(`\r\n${line}\r\n`)))
    },
    close: async () => {},
  }
  return { time, asked, port: createAtPort(bytePort, time.after) }
}

describe('a port after a deadline', () => {
  it('a late OK is assigned to neither the probe nor the next command', async () => {
    const { port, time, asked } = scripted({
      'AT+CFUN=1': [[10_500, 'OK']],
      'AT+CGSN': [
        [900, IMEI],
        [950, 'OK'],
      ],
      'AT+CCHC=1': [[1_000, 'ERROR']],
    })
    port.setProbe(PROBE)
    expect(await time.until(port.ask({ text: 'AT+CFUN=1' }, 10_000))).toEqual({ end: 'timed-out' })
    expect(await time.until(port.ask({ text: 'AT+CCHC=1' }, 10_000))).toEqual({ end: 'error' })
    expect(asked).toEqual(['AT+CFUN=1', 'AT+CGSN', 'AT+CCHC=1'])
  })

  it('before the modem is identified, the port waits for silence', async () => {
    const { port, time } = scripted({
      'AT+CFUN=1': [[10_100, 'OK']],
      AT: [[350, 'OK']],
      'AT+CCHC=1': [[1_000, 'ERROR']],
    })
    expect(await time.until(port.ask({ text: 'AT+CFUN=1' }, 10_000))).toEqual({ end: 'timed-out' })
    expect(await time.until(port.ask({ text: 'AT+CCHC=1' }, 10_000))).toEqual({ end: 'error' })
  })

  it('a slow probe has a longer deadline, and earlier probes are not assigned to the next command', async () => {
    const { port, time, asked } = scripted({
      'AT+CGSN': [
        [2_100, IMEI],
        [2_101, 'OK'],
      ],
      'AT+CCHC=1': [[3_000, 'ERROR']],
    })
    port.setProbe(PROBE)
    await time.until(port.ask({ text: 'AT+CFUN=1' }, 10_000))
    expect(await time.until(port.ask({ text: 'AT+CCHC=1' }, 10_000))).toMatchObject({ end: 'error' })
    expect(asked.filter(text => text === 'AT+CGSN').length).toBe(2)
    expect(port.unusable).toBeUndefined()
  })

  it('a modem that answers no probe is unusable until revive()', async () => {
    const { port, time, asked } = scripted({})
    port.setProbe(PROBE)
    await time.until(port.ask({ text: 'AT+CFUN=1' }, 10_000))
    expect(await time.until(port.ask({ text: 'AT' }, 10_000))).toMatchObject({ end: 'timed-out', why: port.unusable })
    expect([port.unusable, time.now]).toEqual([expect.stringContaining('reset it'), 52_000])
    await port.ask({ text: 'AT' }, 10_000)
    expect(asked.length).toBe(4)
    port.revive()
    await time.until(port.ask({ text: 'AT' }, 10_000))
    expect(asked.length).toBe(7)
  })

  it('an OK without its response is handled like a deadline', async () => {
    const { port, time, asked } = scripted({
      'AT+CGMM': [
        [1, 'OK'],
        [20, 'Model 1'],
        [21, 'OK'],
      ],
      'AT+CGSN': [
        [30, IMEI],
        [31, 'OK'],
      ],
      'AT+CCHC=1': [[1, 'ERROR']],
    })
    port.setProbe(PROBE)
    expect(await time.until(port.ask({ text: 'AT+CGMM', reply: /^Model/ }, 10_000))).toMatchObject({ end: 'garbage' })
    expect(await time.until(port.ask({ text: 'AT+CCHC=1' }, 10_000))).toEqual({ end: 'error' })
    expect(asked[1]).toBe('AT+CGSN')
  })
})
