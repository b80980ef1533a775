import { fromHex } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import type { IsdrOptions } from '../../lpa/card/isdr.ts'
import { ISD_R_AID } from '../../rsp/isdr.ts'

/** Applies the environment variables of lpac: the AID of the ISD-R and the segment size. The rig selects the card. */
export const applyLpacEnvironment = (environment: NodeJS.ProcessEnv, options: IsdrOptions): IsdrOptions => {
  const { LPAC_CUSTOM_ISD_R_AID: aid, LPAC_CUSTOM_ES10X_MSS: size } = environment
  if (aid && !/^([0-9a-f]{2}){1,16}$/i.test(aid)) throw new BenchError('usage', 'invalid custom ISD-R applet id given')
  const segmentSize = size && /^\d+$/.test(size) ? Number(size) : 0
  if (segmentSize !== 0 && (segmentSize < 6 || segmentSize > 255))
    throw new BenchError('usage', 'invalid custom ES10x MSS given')
  return {
    ...options,
    ...(aid && { aids: [fromHex(aid), ...(options.aids ?? [ISD_R_AID])] }),
    ...(segmentSize !== 0 && { segmentSize }),
  }
}
