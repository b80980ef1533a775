import { describe, expect, it } from 'vitest'
import { pullCardAfter } from '../../../src/apdu/layers/faults.ts'
import { fromHex } from '../../../src/asn1/bytes.ts'
import { keep } from '../../../src/asn1/schema.ts'
import { inspectEuicc } from '../../../src/lpa/card/euicc.ts'
import { withIsdr } from '../../../src/lpa/card/isdr.ts'
import { EUICCInfo1, EUICCInfo2 } from '../../../src/rsp/euicc-info.ts'
import { ES10a } from '../../../src/rsp/interfaces/es10a.ts'
import { ES10b } from '../../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../../src/rsp/interfaces/es10c.ts'
import { EUICC_INFO_2 } from '../download-fixture.ts'
import { fakeCard, type Told, told } from '../fake-card.ts'

const EID = '89049032123451234512345678901235'
const { svn, euiccCiPKIdListForVerification, euiccCiPKIdListForSigning } = EUICC_INFO_2
const INFO_1 = { svn, euiccCiPKIdListForVerification, euiccCiPKIdListForSigning }
const READINGS = {
  eid: told(ES10c.GetEID, () => ({ eidValue: fromHex(EID) })),
  addresses: told(ES10a.GetEuiccConfiguredAddresses, () => ({ rootDsAddress: 'ds.example.com' })),
  euiccInfo1: told(ES10b.GetEUICCInfo1, () => keep(EUICCInfo1, INFO_1)),
  euiccInfo2: told(ES10b.GetEUICCInfo2, () => keep(EUICCInfo2, EUICC_INFO_2)),
  rat: told(ES10b.GetRAT, () => ({ rat: [] })),
}
type Name = keyof typeof READINGS
const NAMES = Object.keys(READINGS) as Name[]

/** In the place of an answer: one that cannot be read, or a status word. */
const SPOILT: readonly [string, (reading: Told) => Told | undefined, string][] = [
  ['is not there', () => undefined, 'card-refused'],
  ['says 6985', reading => ({ ...reading, answer: () => 0x6985 }), 'card-refused'],
  ['answers what cannot be read', reading => ({ ...reading, answer: () => fromHex('bf7f03') }), 'bad-card-answer'],
  ['answers nothing', reading => ({ ...reading, answer: () => new Uint8Array(0) }), 'bad-card-answer'],
]

describe('card information', () => {
  it('The information is complete if the card answers each function', async () => {
    const found = await withIsdr(fakeCard(Object.values(READINGS)), {}, inspectEuicc)
    expect(found).toMatchObject({ eid: EID, addresses: { rootDsAddress: 'ds.example.com' }, rat: [], unread: [] })
    expect([found.euiccInfo1?.svn, found.euiccInfo2?.svn]).toEqual([svn, svn])
  })

  it.each(SPOILT.flatMap(([how, spoil, code]) => NAMES.map(name => [name, how, spoil, code] as const)))(
    '%s %s: the rest is read, and why that one is not',
    async (name, _how, spoil, code) => {
      const spoilt = NAMES.flatMap(each => (each === name ? (spoil(READINGS[each]) ?? []) : READINGS[each]))
      const found = await withIsdr(fakeCard(spoilt), {}, inspectEuicc)
      expect(NAMES.filter(each => found[each] === undefined)).toEqual([name])
      expect(found.unread).toMatchObject([{ reading: name, error: { code, fault: 'card' } }])
      expect(found.unread[0]?.error.message).toContain(READINGS[name].name)
    },
  )

  it('A card without any response and a removed card are errors', async () => {
    await expect(withIsdr(fakeCard([]), {}, inspectEuicc)).rejects.toMatchObject({ code: 'card-refused' })
    const pulled = withIsdr(pullCardAfter(6)(fakeCard(Object.values(READINGS))), {}, inspectEuicc)
    await expect(pulled).rejects.toMatchObject({ code: 'card-removed' })
  })
})
