import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { toDeviceInfo } from '../../../src/lpa/card/device-info.ts'

describe('DeviceInfo (SGP.22 §4.2)', () => {
  // 490154203237518 is the example of an IMEI with its check digit in 3GPP TS 23.003 literature.
  it('TAC and IMEI are encoded in swapped pairs with check digit and filler', () => {
    const { tac, imei } = toDeviceInfo('49-015420-323751-8')
    expect([toHex(tac), toHex(imei!)]).toEqual(['94104502', '941045022373158f'])
  })

  it('A missing check digit is computed, and a TAC alone is accepted', () => {
    expect(toHex(toDeviceInfo('49015420323751').imei!)).toBe(toHex(toDeviceInfo('490154203237518').imei!))
    expect(toDeviceInfo('35290611')).toEqual({ tac: Uint8Array.of(0x53, 0x92, 0x60, 0x11), deviceCapabilities: {} })
  })

  it.each(['', '1234567', '490154203237519', '4901542032375188', '49015420a23751'])(
    'The IMEI "%s" is rejected',
    text => {
      expect(() => toDeviceInfo(text)).toThrow(RangeError)
    },
  )
})
