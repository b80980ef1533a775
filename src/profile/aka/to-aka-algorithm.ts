import type { AlgoParameter } from '../elements/security.ts'
import { ProfileError } from '../error.ts'
import type { AkaAlgorithm } from './algorithm.ts'
import { milenage } from './milenage.ts'
import { testAlgorithm } from './test-algorithm.ts'
import { type TuakParameters, tuak } from './tuak.ts'

/**
 * `algorithmOptions` of SAIP §8.5: bits 1 to 3 are the length of RES (32, 64, 128, 256 bits), bits 4 to 6 that of MAC
 * (64, 128, 256), bit 7 that of CK and IK (128, 256). Milenage ignores them.
 */
const RES_LENGTHS = [4, 8, 16, 32] as const
const MAC_LENGTHS = [8, 16, 32] as const

/** Creates the algorithm of a PE-AKAParameter. */
export const toAkaAlgorithm = (parameter: AlgoParameter): AkaAlgorithm => {
  const { algorithmID, key, opc } = parameter
  const options = parameter.algorithmOptions[0]!
  const resLength = RES_LENGTHS[options & 0x07]
  switch (algorithmID) {
    case 'milenage': {
      const { rotationConstants, xoringConstants } = parameter
      return milenage({ k: key, opc, rotationConstants, xoringConstants })
    }
    case 'tuak': {
      const keyLength: TuakParameters['ckLength'] = options & 0x40 ? 32 : 16
      return tuak({
        k: key,
        topc: opc,
        numberOfKeccak: parameter.numberOfKeccak,
        resLength: resLength ?? 8,
        macLength: MAC_LENGTHS[(options >> 3) & 0x07] ?? 8,
        ckLength: keyLength,
        ikLength: keyLength,
      })
    }
    case 'usim-test-algorithm':
      return testAlgorithm(key, Math.min(resLength ?? 16, 16))
    default:
      throw new ProfileError('bad-parameter', `authentication algorithm ${algorithmID} is unknown`)
  }
}
