import { createHash } from 'node:crypto'
import { OWN_SMDP_HOST } from '../src/host/pki/card-pki.ts'
import { buildProfilePackage } from '../src/profile/build.ts'
import { luhnDigit } from '../src/profile/digits.ts'
import { encodeProfilePackage } from '../src/profile/package.ts'
import type { Pki } from '../src/rsp/certificates/pki-folder.ts'
import { issueTestPki } from '../src/rsp/certificates/test-pki.ts'
import { advance, newOrder } from '../src/server/smdp/order.ts'
import type { SmdpStore } from '../src/server/smdp/store.ts'
import { OPERATOR } from '../src/services/hosts.ts'

/** Data that the measured server and its client both derive from a seed. */
export interface MeasuredFixture {
  readonly seed: string
  readonly at: string
}

/** A seeded random source: returns the same bytes for the same seed. */
export const drawFrom = (seed: string): ((length: number) => Uint8Array) => {
  let draws = 0
  return length => {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 32)
      bytes.set(
        createHash('sha256')
          .update(`${seed} ${draws++}`)
          .digest()
          .subarray(0, length - at),
        at,
      )
    return bytes
  }
}

/** The keys are equal in all processes. The signatures of the certificates may differ. */
export const measuredPki = ({ seed, at }: MeasuredFixture): Pki =>
  issueTestPki({ curve: 'P-256', smdpHost: OWN_SMDP_HOST, random: drawFrom(`${seed} pki`), now: new Date(at) })

export const measuredIccid = (order: number): string => {
  const front = `${OPERATOR.iccidPrefix}${String(order).padStart(11, '0')}`
  return front + luhnDigit(front)
}
export const measuredMatchingId = (order: number): string => `MEASURE-${order}`

/** Adds released orders, beginning with number `from`. All use the same package, which the server does not read. */
export const fillStore = async (
  store: SmdpStore,
  { seed, at }: MeasuredFixture,
  from: number,
  count: number,
): Promise<void> => {
  const random = drawFrom(`${seed} profile`)
  const upp = encodeProfilePackage(
    buildProfilePackage({
      iccid: measuredIccid(0),
      imsi: `${OPERATOR.plmn}0000000000`,
      algorithm: { name: 'milenage', k: random(16), opc: random(16) },
      serviceProviderName: OPERATOR.name,
      random,
    }),
  )
  const now = new Date(at)
  const add = async (number: number): Promise<void> => {
    const iccid = measuredIccid(number)
    const stocked = newOrder(iccid, 'measured', undefined, now)
    const order = advance(advance(stocked, 'Allocated', 'DownloadOrder', now), 'Released', 'ConfirmOrder', now, {
      requester: 'bench',
      matchingId: measuredMatchingId(number),
    })
    const metadata = { serviceProviderName: OPERATOR.name, profileName: 'Measured', notify: [] }
    await store.addProfile({ iccid, profileType: 'measured', package: upp, metadata, memory: upp.length }, order)
  }
  for (let at = 0; at < count; at += 100)
    await Promise.all(Array.from({ length: Math.min(100, count - at) }, (_, next) => add(from + at + next)))
}
