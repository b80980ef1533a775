import { afterEach, describe, expect, it } from 'vitest'
import { isApduError } from '../../../src/apdu/errors.ts'
import type { After } from '../../../src/apdu/json/json-asker.ts'
import { closeLogicalChannel, openLogicalChannel, selectByAid } from '../../../src/apdu/logical-channel.ts'
import { storeData } from '../../../src/apdu/store-data.ts'
import { createAtModem } from '../../../src/euicc/emulator/at-modem.ts'
import type { ModemQuirks } from '../../../src/euicc/emulator/at-modem-quirks.ts'
import { loadSerialPort, openSerialPort } from '../../../src/modem/at/serial-port.ts'
import { type ModemCard, openModemCard } from '../../../src/modem/at-card.ts'
import { ISD_R_AID } from '../../../src/rsp/isdr.ts'
import { bytes, hex } from '../../apdu/scripted-channel.ts'
import { createTestCard, testIdentity } from '../../euicc/card.ts'
import { openFickleTty, startTty, type Tty, whyNoTty } from './tty.ts'

const whyNot = async (): Promise<string | undefined> => {
  const noTty = await whyNoTty()
  if (noTty) return noTty
  try {
    await loadSerialPort()
    return undefined
  } catch {
    return 'npm serialport is not installed or does not load'
  }
}

const after: After = (ms, run) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

const reason = await whyNot()
describe.skipIf(reason)(`a modem on a real tty${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let held: ModemCard | undefined
  let tty: Tty | undefined
  afterEach(async () => {
    await held?.close()
    await tty?.stop()
  })

  const plugIn = async (quirks: ModemQuirks = {}) => {
    const { card } = await createTestCard()
    const register = async () => ({ registration: 'roaming' as const, operator: 'Test', plmn: '00101' })
    tty = await startTty(createAtModem({ card, quirks, schedule: after, register }))
    return tty
  }

  it.each([
    ['ccho-cgla', {}],
    ['csim', {}],
    ['ccho-cgla', { pieces: 'bytes', nul: true, news: ['+CREG: 1'] }],
  ] as const)('the card returns its EID over %s with %j', async (apdu, quirks) => {
    const { path } = await plugIn(quirks)
    const card = await openModemCard({ port: path, apdu, after })
    held = card
    expect(card.identity).toMatchObject({ imei: '356938035643809', model: 'AT modem' })
    const eid = await card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      await selectByAid(channel, number, ISD_R_AID)
      const answer = hex(await storeData(channel, number, bytes('bf3e035c015a')))
      await closeLogicalChannel(channel, number)
      return answer
    })
    expect(eid).toBe(`bf3e125a10${hex(testIdentity().eid)}`)
    expect(card.path).toBe(apdu)
    expect(await card.registration()).toMatchObject({ CREG: { state: 'roaming' }, CEREG: { state: 'roaming' } })
  })

  it('the port is exclusive, and a disconnect is detected', async () => {
    const { path, stop } = await plugIn()
    const card = await openModemCard({ port: path, after })
    held = card
    await expect(openModemCard({ port: path, after })).rejects.toMatchObject({ code: 'port-held', fault: 'rig' })
    await stop()
    await expect(card.exclusive(channel => channel.transmit(bytes('00a40004023f00')))).rejects.toSatisfy(error =>
      isApduError(error, 'port-gone'),
    )
  })

  // serialport/bindings-cpp#162: without the poller listener the read loop never ends.
  it('a disconnect right after a response is detected', async () => {
    const { path, say, leave } = await openFickleTty()
    const port = await openSerialPort({ path })
    const heard: string[] = []
    const gone = new Promise<void>(resolve =>
      port.listen({
        data: chunk => {
          heard.push(Buffer.from(chunk).toString())
          leave()
        },
        gone: resolve,
      }),
    )
    say('OK\r\n')
    await gone
    expect(heard).toEqual(['OK\r\n'])
    await port.close()
  }, 10_000)

  it('a missing port is reported by name', async () => {
    await expect(openModemCard({ port: '/dev/ttyNoSuchModem', after })).rejects.toMatchObject({
      code: 'no-port',
      message: expect.stringContaining('/dev/ttyNoSuchModem'),
    })
  })
})
