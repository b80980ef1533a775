import { fromHex } from '../../src/asn1/bytes.ts'
import { buildProfilePackage, type ProfileParameters } from '../../src/profile/build.ts'
import { encodeProfilePackage } from '../../src/profile/package.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { ICCID_DIGITS } from './card.ts'

export const K = fromHex('000102030405060708090a0b0c0d0e0f')
export const OPC = fromHex('0f0e0d0c0b0a09080706050403020100')
export const IMSI = '001010123456789'

/** Builds an unprotected profile package with the ICCID of that index. */
export const testProfile = (index = 0, changes: Partial<ProfileParameters> = {}): Uint8Array =>
  encodeProfilePackage(
    buildProfilePackage({
      iccid: ICCID_DIGITS[index]!,
      imsi: IMSI,
      algorithm: { name: 'milenage', k: K, opc: OPC },
      serviceProviderName: 'Test Operator',
      random: seededRandom(`profile ${index}`),
      ...changes,
    }),
  )
