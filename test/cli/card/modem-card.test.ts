import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createAtModem } from '../../../src/euicc/emulator/at-modem.ts'
import { MODEM_QUIRKS, type ModemQuirks } from '../../../src/euicc/emulator/at-modem-quirks.ts'
import { enableProfile } from '../../../src/lpa/card/profiles.ts'
import { loadSerialPort } from '../../../src/modem/at/serial-port.ts'
import { type Links, type OpenedRig, openRig } from '../../../src/rigs/attach.ts'
import { plugIntoPty } from '../../../src/rigs/emulator/pty-emulator.ts'
import type { Learned } from '../../../src/rigs/learned.ts'
import { modemLink } from '../../../src/rigs/links/modem-link.ts'
import { type Rig, summarizeRig } from '../../../src/rigs/rig.ts'
import { whyNoTty } from '../../modem/at/tty.ts'
import { readTs48, TS48_NAMES } from '../../profile/ts48.ts'
import { AFTER, createDownloadFixture, DOINGS, doingsOf, stateOf, whyNoFixture } from './pcsc-fixture.ts'

const schedule = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

const reason = await whyNoFixture(await whyNoTty(), loadSerialPort, 'serialport')
describe.skipIf(reason)(
  `what a person does with a card, through a modem on a tty${reason ? ` (skipped: ${reason})` : ''}`,
  { timeout: 60_000 },
  () => {
    let tty: { stop(): Promise<void> } | undefined
    afterEach(async () => tty?.stop())

    /** The card in a modem of these quirks, on a tty, as every command of the bench has it. */
    const facts = new Map<string, Learned>()
    const learned = {
      of: (rig: string) => facts.get(rig) ?? {},
      learn: (rig: string, fact: Learned) => void facts.set(rig, { ...facts.get(rig), ...fact }),
      forget: (rig: string) => facts.delete(rig),
    }
    const begin = async (protocol: 't0' | 't1', quirks: ModemQuirks, more: Record<string, unknown> = {}) => {
      const fixture = await createDownloadFixture(readTs48(TS48_NAMES[0]), protocol)
      await fixture.order()
      const modem = createAtModem({ card: fixture.euicc, quirks, schedule })
      // A modem that leaves takes its tty along, and is at another one when it is back.
      const port = join(mkdtempSync(join(tmpdir(), 'esim-bench-modem-')), 'modem')
      const plug = await plugIntoPty(
        {
          link: port,
          makeModem: ({ send }) => {
            modem.onSend(send)
            return modem
          },
        },
        { card: fixture.euicc, after: schedule, print: () => {}, report: error => expect.unreachable(String(error)) },
      )
      tty = { stop: () => plug.pull().then(() => rmSync(dirname(port), { recursive: true })) }
      const rig = { name: 'desk', link: { modem: { port, ...more } } } as Rig
      const links = { isdrOptionsOf: () => ({}), modem: modemLink(() => ({}), '.', learned) } as unknown as Links
      const open = (): Promise<OpenedRig> => openRig(links, rig, summarizeRig(rig, 'test'))
      return { fixture, modem, open, doings: doingsOf(fixture, open) }
    }

    it.each([
      ['ccho-cgla', 't1', {}],
      ['csim', 't1', {}],
      ['ccho-cgla', 't0', {}],
      ['csim', 't0', {}],
      ['ccho-cgla', 't1', { ...MODEM_QUIRKS.storm.quirks, handles: 'hexadecimal', pieces: 'lines', nul: true }],
      ['ccho-cgla', 't1', { toolkit: 'modem', without: ['CSIM'] }],
      ['csim', 't1', { ...MODEM_QUIRKS.t99w696.quirks, echoStays: true }],
    ] as const)('card commands work over %s and %s with the quirks %j', async (apdu, protocol, quirks) => {
      const { fixture, modem, doings } = await begin(protocol, quirks, { apdu })
      for (const doing of DOINGS) {
        await doings[doing]()
        expect([doing, await stateOf(fixture.euicc)]).toEqual([doing, AFTER[doing]])
      }
      expect(fixture.defects).toEqual([])
      const other = apdu === 'csim' ? /AT\+C(CHO|GLA|CHC)=/ : /AT\+CSIM=\d+,"[08][1-3]/
      expect(modem.receivedLines.filter(text => other.test(text))).toEqual([])
    })

    it('card commands request no REFRESH on an EG25-G, which would disconnect (agnos-builder#556)', async () => {
      const { open, doings, fixture } = await begin('t1', MODEM_QUIRKS['eg25-g'].quirks)
      await doings.download()
      const device = await open()
      const { card, isdrOptions, refreshFlag } = device
      expect(refreshFlag).toBe(false)
      await enableProfile({ card, isdrOptions, refreshFlag, profile: { iccid: fixture.iccid } })
      await device.close()
      expect((await stateOf(fixture.euicc)).profiles).toEqual(['enabled'])
    })

    it('the evidence names the modem, and the next command begins with the APDU commands that worked', async () => {
      const { open, doings, modem } = await begin('t1', MODEM_QUIRKS.dw5821e.quirks, { profile: 'generic' })
      const device = await open()
      expect(device.facts.join()).toContain('Dell DW5821e R1, IMEI 356938035643809, profile generic')
      await device.close()
      await doings.info()
      expect(learned.of('desk')).toEqual({ apdu: 'csim' })
      const asked = modem.receivedLines.length
      await doings.info()
      expect(modem.receivedLines.slice(asked).filter(text => text.startsWith('AT+CCHO'))).toEqual([])
    })
  },
)
