import { afterAll, describe, expect, it } from 'vitest'
import { createCliFixture } from '../../cli/runtime.ts'
import { freePort, startVpcd, whyNoVpcd } from '../../cli/vpcd-fixture.ts'
import { startProgram } from './emulator-process.ts'

const noBinding = await import('smartcard').then(
  () => undefined,
  () => 'npm smartcard is not installed or does not load',
)
const reason = whyNoVpcd() ?? noBinding
const ISD_R = 'a0000005591010ffffffff8900000100'

// pcscd looks at its readers every 400 ms.
describe.skipIf(reason)(
  `the software eUICC in vpcd${reason ? ` (skipped: ${reason})` : ''}`,
  { timeout: 60_000 },
  () => {
    const place = createCliFixture()
    const ended: (() => Promise<unknown>)[] = []
    afterAll(async () => {
      for (const end of ended.reverse()) await end()
      place.remove()
    })

    it('the vpcd emulator serves PC/SC programs with T=0 and T=1, and after a restart of pcscd', async () => {
      const port = await freePort()
      const plug = startProgram(place, 'euicc', 'emulate', '--vpcd', `127.0.0.1:${port}`)
      ended.push(() => plug.end())
      await plug.said(/no vpcd listens at .* waiting for it/)
      const first = await startVpcd(port)
      await plug.said(/the card is in the reader of vpcd/)
      const heard = await first.exchange('0070000001', `01a4040010${ISD_R}`, '01c0000000', '81e2910006bf3e035c015a')
      expect(heard.reader).toMatch(/^Virtual PCD/)
      // TD1 of the ATR says T=0, unless it is told otherwise: lpac connects with no other protocol.
      expect(heard.atr).toMatch(/^3b9f96803fc7/)
      const [opened, selected, , asked] = heard.responses
      expect(opened).toBe('019000')
      // T=0 announces the data of a command that had some.
      expect(selected).toMatch(/^61/)
      expect(asked).toBe('6115')
      await first.stop()
      await plug.said(/vpcd closed the connection/)

      const second = await startVpcd(port)
      ended.push(() => second.stop())
      const again = await second.exchange('0070000001')
      // It was reset, so that its first logical channel is free.
      expect(again.responses).toEqual(['019000'])
      expect(await plug.end()).toBe(0)
      await second.untilEmpty()
      const t1 = startProgram(place, 'euicc', 'emulate', '--vpcd', `127.0.0.1:${port}`, '--protocol', 't1')
      ended.push(() => t1.end())
      await t1.said(/the card is in the reader of vpcd/)
      const whole = await second.exchange('0070000001', `01a4040010${ISD_R}00`, '81e2910006bf3e035c015a00')
      expect(whole.atr).toMatch(/^3b9f96813fc7/)
      const eid = (await t1.said(/EID (\d{32})/))[1]
      expect(whole.responses[2]).toBe(`bf3e125a10${eid}9000`)
    })
  },
)
