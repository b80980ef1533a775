import type { DecodedCommand } from '../../apdu/command.ts'
import { encodeTlv } from '../../asn1/tlv.ts'
import { ECASD_AID, ISD_R_AID } from '../../rsp/isdr.ts'
import { OK, type Reply } from '../es10/response.ts'
import type { CardData, LogicalChannel } from '../state/card-data.ts'
import { isAidOrPrefix, isIsdp } from './aids.ts'

const BY_NAME = 0x04
const MF = 0x3f00

/** SELECT (TS 102 221 §11.1.1): security domains here, all other AIDs and files in the profile. */
export const handleSelectByAid = async (device: CardData, command: DecodedCommand, channel: number): Promise<Reply> => {
  const { p1, p2, data } = command
  const current = device.channels.get(channel)!
  const become = (application: LogicalChannel['application']) => device.channels.set(channel, { application })

  if (p1 === BY_NAME) {
    for (const [application, aid] of [
      ['isdr', ISD_R_AID],
      ['ecasd', ECASD_AID],
    ] as const)
      if (isAidOrPrefix(data, aid)) {
        if ((p2 & 0xf3) !== 0x00) return { status: 0x6a86 }
        become(application)
        return (p2 & 0x0c) === 0x0c ? OK : { status: 0x9000, data: describeApplication(device, application) }
      }
    // Only the ISD-R and the MNO-SD keys can access an ISD-P (SGP.22 §2.4.3).
    if (isIsdp(data)) return { status: 0x6a82 }
  } else if (current.application !== 'files') {
    // A security domain has no files; only the MF is selectable from it.
    const isMf = p1 === 0x00 && (data.length === 0 || (data.length === 2 && ((data[0]! << 8) | data[1]!) === MF))
    if (!isMf && p1 !== 0x08) return { status: 0x6a82 }
  }
  const reply = await device.files.perform(command, channel)
  if (reply.status === 0x9000 || reply.status >> 8 === 0x62) become('files')
  return reply
}

/**
 * FCI template (GPCS §11.9.3): AID, maximum command length, and for the ISD-R the ISDRProprietaryApplicationTemplate
 * with the SGP.22 version (§5.7.1).
 */
const describeApplication = ({ identity }: Pick<CardData, 'identity'>, application: 'isdr' | 'ecasd'): Uint8Array =>
  encodeTlv(
    0x6f,
    encodeTlv(0x84, application === 'isdr' ? ISD_R_AID : ECASD_AID),
    encodeTlv(0xa5, encodeTlv(0x9f65, Uint8Array.of(0xff))),
    ...(application === 'isdr' ? [encodeTlv(0xe0, encodeTlv(0x82, identity.capabilities.svn))] : []),
  )

/** STATUS (TS 102 221 §11.1.2) on a channel with a security domain. */
export const handleApplicationStatus = (
  device: CardData,
  { p1, p2 }: DecodedCommand,
  application: 'isdr' | 'ecasd',
): Reply => {
  if (p1 > 0x02) return { status: 0x6a86 }
  if (p2 === 0x0c) return OK
  if (p2 === 0x00) return { status: 0x9000, data: describeApplication(device, application) }
  if (p2 === 0x01) return { status: 0x9000, data: encodeTlv(0x84, application === 'isdr' ? ISD_R_AID : ECASD_AID) }
  return { status: 0x6a86 }
}
