import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isApduError } from '../../src/apdu/errors.ts'
import { MODEM_QUIRKS, type ModemQuirks } from '../../src/euicc/emulator/at-modem-quirks.ts'
import { readEid } from '../../src/lpa/card/euicc.ts'
import { withIsdr } from '../../src/lpa/card/isdr.ts'
import { enableProfile } from '../../src/lpa/card/profiles.ts'
import type { BytePort } from '../../src/modem/at/at-port.ts'
import type { ModemCardOptions } from '../../src/modem/at-card.ts'
import { ModemError } from '../../src/modem/errors.ts'
import type { ModemProfile } from '../../src/modem/profile.ts'
import { getReturnTimeout } from '../../src/modem/reset-recipe.ts'
import { readModemProfiles } from '../../src/rigs/links/modem-profiles.ts'
import { hex } from '../apdu/scripted-channel.ts'
import { createProfile, createStateWith, createTestCard, ICCID_DIGITS, testIdentity } from '../euicc/card.ts'
import { ROOT } from '../paths.ts'
import { cable, insert } from './modem-fixture.ts'

const profiles = readModemProfiles([join(ROOT, 'rigs', 'modems')])
const EID = hex(testIdentity().eid).toUpperCase()

const begin = async (
  quirks: ModemQuirks,
  profile: Partial<ModemProfile> = {},
  options: Partial<ModemCardOptions> = {},
) => {
  const { card: euicc } = await createTestCard({ state: createStateWith([createProfile(0), createProfile(1)]) })
  const name = 'tried'
  const fixture = await insert(euicc, quirks, { profiles: [{ name, ...profile }], profile: name, ...options })
  const eid = () => fixture.card.exclusive(channel => withIsdr(channel, {}, isdr => readEid(isdr)))
  return { euicc, eid, ...fixture }
}
const LEAVES: Partial<ModemProfile> = { reset: [{ at: 'AT+CFUN=1,1' }, { reenumerates: 60_000 }] }

describe('the reset recipe of a modem', () => {
  it('runRecipe executes each step', async () => {
    const { card, modem, time, eid } = await begin(
      {},
      { reset: [{ at: 'AT+CFUN=4' }, { wait: 5_000 }, { at: 'AT+CFUN=1' }] },
    )
    await time.until(card.reset())
    expect(modem.receivedLines.slice(-3)).toEqual(['AT+CFUN=4', 'AT+CFUN=1', 'AT+CPIN?'])
    expect(time.now).toBeGreaterThanOrEqual(5_000)
    expect((await time.until(eid())).toUpperCase()).toBe(EID)
  })

  it('the generic recipe is used if there is none, or if the modem rejects a command', async () => {
    const bare = await begin({})
    await bare.time.until(bare.card.reset())
    expect(bare.modem.receivedLines.slice(-3)).toEqual(['AT+CFUN=0', 'AT+CFUN=1', 'AT+CPIN?'])
    const refusing = await begin({}, { reset: [{ at: 'AT!RESET' }, { reenumerates: 60_000 }] })
    await refusing.time.until(refusing.card.reset())
    expect(refusing.modem.receivedLines.slice(-4)).toEqual(['AT!RESET', 'AT+CFUN=0', 'AT+CFUN=1', 'AT+CPIN?'])
    expect(refusing.news.map(({ text }) => text).join()).toMatch(/rejects AT!RESET .*\(ERROR\)/)
  })

  it('a reset waits until the modem has left the bus and is back with the same IMEI', async () => {
    const { card, modem, time, news, eid } = await begin({}, LEAVES)
    expect((await time.until(eid())).toUpperCase()).toBe(EID)
    await time.until(card.reset())
    const after = modem.receivedLines.slice(modem.receivedLines.indexOf('AT+CFUN=1,1'))
    expect(after).toEqual(['AT+CFUN=1,1', 'AT', 'ATE0', 'AT+CMEE=1', 'AT+CGSN', 'AT+CPIN?'])
    expect(news.map(({ text }) => text)).toContain('the modem left the bus and came back')
    expect((await time.until(eid())).toUpperCase()).toBe(EID)
  })

  it.each([
    ['pauses', { reset: [{ at: 'AT+CFUN=4' }, { wait: 3_600_000 }, { at: 'AT+CFUN=1' }] }],
    ['waits for the modem to come back', { reset: [{ at: 'AT+CFUN=1,1' }, { reenumerates: 3_600_000 }] }],
  ])('a reset ends soon after the card is closed while it %s', async (_name, profile: Partial<ModemProfile>) => {
    const { card, port, time } = await begin({}, profile)
    const resetting = card.reset()
    // The assertion below handles the rejection.
    resetting.catch(() => undefined)
    if ('reenumerates' in profile.reset![1]!) time.after(1, () => port.pull())
    time.after(20_000, () => void card.close())
    await expect(time.until(resetting)).rejects.toMatchObject({ code: 'port-gone' })
    expect(time.now).toBeLessThan(60_000)
    port.plug()
    await expect(time.until(card.reset())).rejects.toMatchObject({ code: 'port-gone' })
  })

  it('a modem that leaves before its OK is awaited', async () => {
    const { card, port, time, eid } = await begin(
      { faults: [{ command: 'CFUN', answer: 'silence' }] },
      { reset: [{ at: 'AT+CFUN=1,1' }, { reenumerates: 60_000 }] },
    )
    const resetting = card.reset()
    time.after(100, () => port.pull())
    time.after(5_000, () => port.plug())
    await time.until(resetting)
    expect((await time.until(eid())).toUpperCase()).toBe(EID)
  })

  it('a reset ends if the modem does not come back', async () => {
    const { card, port, time } = await begin({}, LEAVES)
    const resetting = card.reset()
    time.after(1, () => port.pull())
    await expect(time.until(resetting)).rejects.toMatchObject({
      code: 'port-gone',
      message: expect.stringMatching(/did not come back in 60 s: there is no port here/),
    })
  })

  it('a reset ends if the card does not come back', async () => {
    const { card, time } = await begin({ faults: [{ command: 'CPIN', answer: ['+CME ERROR: 10'] }] })
    await expect(time.until(card.reset())).rejects.toMatchObject({
      code: 'card-removed',
      message: expect.stringContaining('SIM not inserted'),
    })
  })

  it('a reset rejects another modem at the same port', async () => {
    const { card: otherCard } = await createTestCard()
    const other = await insert(otherCard)
    let swap: () => Promise<BytePort> = async () => {
      throw new ModemError('no-port', 'rig', 'not yet')
    }
    const { card, time } = await begin({}, LEAVES, { reopen: () => swap() })
    const asked: string[] = []
    swap = async () => {
      const { listen, close } = cable({ ...other.modem, onSend: () => {}, onPresence: () => {} })
      let say: (bytes: Uint8Array) => void = () => {}
      return {
        listen: heard => {
          say = heard.data
          listen(heard)
        },
        write: async bytes => {
          const command = new TextDecoder().decode(bytes).trimEnd()
          asked.push(command)
          const lines = command === 'AT+CGSN' ? ['490154203237518', 'OK'] : ['OK']
          say(new TextEncoder().encode(lines.map(line => `\r\n${line}\r\n`).join('')))
        },
        close,
      }
    }
    const rejected = await time.until(card.reset()).catch((error: unknown) => error)
    expect(isApduError(rejected, 'port-gone')).toBe(true)
    expect((rejected as Error).cause).toMatchObject({ code: 'another-modem', fault: 'rig' })
    expect((rejected as Error).message).toMatch(/IMEI 356938035643809 left, and the one with IMEI 490154203237518/)
    // No further command is sent to it.
    const before = asked.length
    await expect(
      time.until(card.exclusive(channel => channel.transmit(Uint8Array.of(0, 0xa4, 0, 4, 2, 0x3f, 0)))),
    ).rejects.toThrow()
    expect(asked.slice(before).filter(text => !/^AT(E0|\+CMEE=1|\+CGSN)?$/.test(text))).toEqual([])
  })

  it.each(profiles.map(profile => [profile.name, profile] as const))('the recipe of %s ends', (_name, { reset }) => {
    expect(reset).toBeDefined()
    expect(reset!.some(step => 'at' in step)).toBe(true)
    // A step that leaves the bus has a time limit.
    const leaves = reset!.some(step => 'at' in step && /^AT(\+CFUN=1,1|!RESET|#REBOOT|\^RESET)$/.test(step.at))
    expect(getReturnTimeout(reset) !== undefined).toBe(leaves)
  })
})

describe('a modem that leaves the bus without a reset', () => {
  it('the modem leaves on REFRESH, is awaited, and the profile is enabled (agnos-builder#556)', async () => {
    const { card, time, euicc } = await begin({ ...MODEM_QUIRKS['eg25-g'].quirks }, LEAVES)
    const found = await time.until(enableProfile({ card, profile: { iccid: ICCID_DIGITS[0] }, refreshFlag: true }))
    expect(found.profileState).toBe('enabled')
    expect(euicc.atr.length).toBeGreaterThan(0)
  })

  it.each([true, false])(
    'the modem leaves before its response: the state of the profile is read from the card (%j)',
    async isDone => {
      const { card: euicc } = await createTestCard({ state: createStateWith([createProfile(0), createProfile(1)]) })
      let fixture: Awaited<ReturnType<typeof insert>> | undefined
      // The response of EnableProfile (SGP.22 §5.7.16) is lost, or the command is.
      const cut = (sent: Uint8Array): Uint8Array[] => {
        const asked = fixture?.modem.receivedLines.at(-1) ?? ''
        if (!asked.includes('BF31') || fixture!.modem.receivedLines.filter(text => text.includes('BF31')).length > 1)
          return [sent]
        fixture!.port.pull()
        fixture!.time.after(5_000, () => fixture!.port.plug())
        return []
      }
      const faults = isDone ? [] : [{ command: 'CGLA', unlessMatches: '^(?!.*BF31)', times: 1, answer: ['ERROR'] }]
      const profile = { name: 'tried', ...LEAVES }
      fixture = await insert(
        euicc,
        { echo: false, faults },
        { profiles: [profile], profile: 'tried', apdu: 'ccho-cgla' },
        cut,
      )
      const { card, time } = fixture
      const enabling = time.until(enableProfile({ card, profile: { iccid: ICCID_DIGITS[0] } }))
      if (isDone) expect(await enabling).toMatchObject({ profileState: 'enabled' })
      else await expect(enabling).rejects.toMatchObject({ code: 'exchange-lost' })
    },
  )

  it('a command during which the modem leaves ends with exchange-lost', async () => {
    const { card, time, port } = await begin({ slow: { CSIM: { ms: 5_000, times: 1 } } }, LEAVES)
    const lost = card.exclusive(channel => channel.transmit(Uint8Array.of(0, 0xa4, 0, 4, 2, 0x3f, 0)))
    time.after(1_000, () => port.pull())
    time.after(20_000, () => port.plug())
    await expect(time.until(lost)).rejects.toMatchObject({ code: 'exchange-lost' })
    expect(time.now).toBeLessThan(30_000)
    const answer = await time.until(
      card.exclusive(channel => channel.transmit(Uint8Array.of(0, 0xa4, 0, 4, 2, 0x3f, 0))),
    )
    expect(answer.length).toBeGreaterThanOrEqual(2)
  })

  it('a modem without a leaving step ends with port-gone at once', async () => {
    const { card, time, port } = await begin({})
    port.pull()
    await expect(
      time.until(card.exclusive(channel => channel.transmit(Uint8Array.of(0, 0xa4, 0, 4, 2, 0x3f, 0)))),
    ).rejects.toMatchObject({ code: 'port-gone' })
    expect(time.now).toBeLessThan(1_000)
  })

  it('a modem that leaves during a wait for registration is awaited', async () => {
    const { card, time, port } = await begin({ registersAfter: 50_000 }, LEAVES, {
      register: async () => ({ registration: 'home', operator: 'Test', plmn: '00101' }),
    } as never)
    const waiting = card.waitForRegistration()
    time.after(10_000, () => port.pull())
    time.after(20_000, () => port.plug())
    expect(await time.until(waiting)).toMatchObject({ end: 'registered', kind: 'home' })
  })
})
