import { describe, expect, it } from 'vitest'
import { fromHex } from '../../../src/asn1/bytes.ts'
import { decode, encode } from '../../../src/asn1/schema.ts'
import { showInfo, showPlmn, viewInfo } from '../../../src/cli/card/info-view.ts'
import { LpaError } from '../../../src/lpa/errors.ts'
import { EUICCInfo1, EUICCInfo2 } from '../../../src/rsp/euicc-info.ts'
import { ISD_R_AID } from '../../../src/rsp/isdr.ts'

// The ids of GSMA RSP2 Root CI1, and of an unknown CI.
const LIVE = fromHex('81370F5125D0B1D408D4C3B232E6D25E795BEBFB')
const UNKNOWN_CI = fromHex('00112233445566778899AABBCCDDEEFF00112233')

/** EUICCInfo2 of a v2 card, with `more` behind it, as cards of later versions have it. */
const info2 = (more: string): EUICCInfo2 => {
  const plain = encode(EUICCInfo2, {
    profileVersion: fromHex('020301'),
    svn: fromHex('020500'),
    euiccFirmwareVer: fromHex('040600'),
    extCardResource: fromHex('8101008204000623248304000019 22'.replace(/ /g, '')),
    uiccCapability: ['usimSupport', 'bit40'],
    rspCapability: ['additionalProfile'],
    euiccCiPKIdListForVerification: [LIVE, UNKNOWN_CI],
    euiccCiPKIdListForSigning: [LIVE],
    ppVersion: fromHex('010000'),
    sasAcreditationNumber: 'GI-BA-UP-0419',
  })
  const content = Buffer.concat([plain.subarray(plain.length - readLength(plain)), fromHex(more)])
  return decode(EUICCInfo2, Buffer.concat([fromHex('bf2281'), Uint8Array.of(content.length), content]))
}
const readLength = (element: Uint8Array): number => (element[2] === 0x81 ? element[3]! : element[2]!)

const info1 = decode(
  EUICCInfo1,
  encode(EUICCInfo1, {
    svn: fromHex('020500'),
    euiccCiPKIdListForVerification: [LIVE],
    euiccCiPKIdListForSigning: [LIVE],
  }),
)

const view = (more = '') =>
  viewInfo({
    description: {
      eid: '89049032123451234512345678901235',
      addresses: { defaultDpAddress: undefined, rootDsAddress: 'lpa.ds.gsma.com' },
      euiccInfo1: info1,
      euiccInfo2: info2(more),
      rat: [{ pprIds: ['ppr2'], allowedOperators: [{ mccMnc: fromHex('62f220') }], pprFlags: [] }],
      unread: [],
    },
    isdrAid: ISD_R_AID,
    isdrSvn: undefined,
    atr: new Uint8Array(0),
    ownCi: undefined,
  })

describe('card info', () => {
  it('card info names the known CI keys and marks the others as unknown', () => {
    const text = showInfo(view()).join('\n')
    expect(text).toMatch(/81370F5125D0B1D408D4C3B232E6D25E795BEBFB +GSM Association - RSP2 Root CI1 \(live\)/)
    expect(text).toMatch(/00112233445566778899AABBCCDDEEFF00112233 +unknown CI$/m)
    expect(text).toContain('CI keys for signing')
    expect(text).toMatch(/^free memory +402212 bytes for profiles, 6434 bytes volatile; 0 applications installed$/m)
    expect(text).toMatch(/^UICC capabilities +usimSupport, bit40$/m)
    expect(text).toContain('  ppr2 for 26202')
    expect(text).toMatch(/^ATR +not available on this link$/m)
  })

  it('card info shows the readings of the card and the error of each rejected one', () => {
    const refused = (reading: 'euiccInfo2' | 'rat', step: string) => ({
      reading,
      error: new LpaError('card-refused', 'card', `${step}: 6A88 referenced data not found`, { step }),
    })
    const partly = viewInfo({
      description: {
        eid: '89049032123451234512345678901235',
        euiccInfo1: info1,
        unread: [refused('euiccInfo2', 'ES10b.GetEUICCInfo2'), refused('rat', 'ES10b.GetRAT')],
      },
      isdrAid: ISD_R_AID,
      isdrSvn: undefined,
      atr: new Uint8Array(0),
      ownCi: undefined,
    })
    expect(Object.keys(partly)).toEqual(['eid', 'isdrAid', 'atr', 'euiccInfo1', 'unread'])
    expect(partly.unread).toEqual([
      { reading: 'euiccInfo2', error: 'ES10b.GetEUICCInfo2: 6A88 referenced data not found' },
      { reading: 'rat', error: 'ES10b.GetRAT: 6A88 referenced data not found' },
    ])
    const text = showInfo(partly).join('\n')
    expect(text).toMatch(/^EID +89049032123451234512345678901235$/m)
    expect(text).toMatch(/^SGP\.22 +2\.5\.0$/m)
    expect(text).toMatch(/^no EUICCInfo2 +ES10b\.GetEUICCInfo2: 6A88/m)
    expect(text).toMatch(/^no rules authorization table +ES10b\.GetRAT: 6A88/m)
    expect(text).toContain('CI keys, for verification and signing')
    expect(text).not.toContain('undefined')
    expect(text).not.toMatch(/default SM-DP\+|firmware/)
  })

  it('card info shows fields of SGP.22 v3 and SGP.32 by name and unknown fields by tag', () => {
    const later = view(
      '900101 9303030100 b1160414 81370F5125D0B1D408D4C3B232E6D25E795BEBFB b400 9f2a02abcd'.replace(/ /g, ''),
    )
    expect(later.euiccInfo2).toMatchObject({
      lpaMode: 'lpae',
      highestSvn: '3.1.0',
      euiccCiPKIdListForSigningV3: ['81370F5125D0B1D408D4C3B232E6D25E795BEBFB'],
      iotSpecificInfo: '',
      unknown: [{ tag: '9F2A', value: 'ABCD' }],
    })
    const text = showInfo(later).join('\n')
    expect(text).toMatch(/^highestSvn +3\.1\.0$/m)
    expect(text).toMatch(/^unknown tag 9F2A +ABCD$/m)
  })

  // TS 24.008 §10.5.1.3: 262 02 has an MNC of two digits, 310 410 one of three.
  it.each([
    ['62f220', '26202'],
    ['130014', '310410'],
    ['eeeeee', 'EEEEEE'],
  ])('showPlmn decodes %s to %s', (coded, plmn) => {
    expect(showPlmn(fromHex(coded))).toBe(plmn)
  })
})
