import { toHex } from '../../asn1/bytes.ts'
import type { SchemaValue } from '../../asn1/schema.ts'
import type { EUICCInfo1, EUICCInfo2 } from '../../rsp/euicc-info.ts'
import { ES10a } from '../../rsp/interfaces/es10a.ts'
import { ES10b } from '../../rsp/interfaces/es10b.ts'
import { ES10c } from '../../rsp/interfaces/es10c.ts'
import { isLpaError, LpaError } from '../errors.ts'
import { functionRefused, type Isdr } from './isdr.ts'

export type ConfiguredAddresses = SchemaValue<typeof ES10a.GetEuiccConfiguredAddresses.response>
export type RulesAuthorisationTable = SchemaValue<typeof ES10b.GetRAT.response>['rat']

/** The data that an eUICC returns about itself. */
export interface EuiccDescription {
  /** 32 digits. */
  readonly eid: string
  readonly addresses: ConfiguredAddresses
  readonly euiccInfo1: EUICCInfo1
  readonly euiccInfo2: EUICCInfo2
  readonly rat: RulesAuthorisationTable
}

/** The EID: 32 digits, as printed. */
export const readEid = async (isdr: Isdr): Promise<string> => {
  const { eidValue } = await isdr.call(ES10c.GetEID, { tagList: Uint8Array.of(0x5a) })
  return toHex(eidValue)
}

export const readAddresses = (isdr: Isdr): Promise<ConfiguredAddresses> =>
  isdr.call(ES10a.GetEuiccConfiguredAddresses, {})

/** Sets the default SM-DP+ address, or deletes it if empty, and verifies it by reading. */
export const setDefaultAddress = async (isdr: Isdr, defaultDpAddress: string): Promise<void> => {
  const { setDefaultDpAddressResult } = await isdr.call(ES10a.SetDefaultDpAddress, { defaultDpAddress })
  if (setDefaultDpAddressResult !== 'ok') throw functionRefused(ES10a.SetDefaultDpAddress, setDefaultDpAddressResult)
  const { defaultDpAddress: now = '' } = await readAddresses(isdr)
  if (now !== defaultDpAddress)
    throw new LpaError(
      'state-not-changed',
      'card',
      `the card returned ok, but its default SM-DP+ is ${now || 'none'}`,
      {
        step: 'ES10a.SetDefaultDpAddress',
        field: 'defaultDpAddress',
      },
    )
}

/** Subject key ids of the CIs that the card trusts: the roots of the TLS connections of the LPA (SGP.22 §2.6.6). */
export const readTrustedIssuers = async (isdr: Isdr): Promise<readonly Uint8Array[]> =>
  (await isdr.call(ES10b.GetEUICCInfo1, {})).value.euiccCiPKIdListForVerification

export const describeEuicc = async (isdr: Isdr): Promise<EuiccDescription> => ({
  eid: await readEid(isdr),
  addresses: await readAddresses(isdr),
  euiccInfo1: (await isdr.call(ES10b.GetEUICCInfo1, {})).value,
  euiccInfo2: (await isdr.call(ES10b.GetEUICCInfo2, {})).value,
  rat: (await isdr.call(ES10b.GetRAT, {})).rat,
})

/** The data that an eUICC returned, and the errors of the functions that failed. */
export interface EuiccInspection extends Partial<EuiccDescription> {
  readonly unread: readonly { readonly reading: keyof EuiccDescription; readonly error: LpaError }[]
}

/**
 * Calls each function even if another one fails: some cards lack a function or return invalid data. Rejects if all
 * functions fail, or if the card is removed.
 */
export const inspectEuicc = async (isdr: Isdr): Promise<EuiccInspection> => {
  const unread: { reading: keyof EuiccDescription; error: LpaError }[] = []
  const read = async <T>(reading: keyof EuiccDescription, ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask()
    } catch (error) {
      if (!isLpaError(error, 'card-refused', 'bad-card-answer')) throw error
      unread.push({ reading, error })
      return undefined
    }
  }
  const inspection = {
    eid: await read('eid', () => readEid(isdr)),
    addresses: await read('addresses', () => readAddresses(isdr)),
    euiccInfo1: await read('euiccInfo1', async () => (await isdr.call(ES10b.GetEUICCInfo1, {})).value),
    euiccInfo2: await read('euiccInfo2', async () => (await isdr.call(ES10b.GetEUICCInfo2, {})).value),
    rat: await read('rat', async () => (await isdr.call(ES10b.GetRAT, {})).rat),
  }
  if (unread.length === Object.keys(inspection).length) throw unread[0]!.error
  return { ...inspection, unread }
}
