import type { Card } from '../../apdu/channel.ts'
import { decode } from '../../asn1/schema.ts'
import { encodeTlv } from '../../asn1/tlv.ts'
import { readEid } from '../../lpa/euicc.ts'
import { type Isdr, type IsdrOptions, withIsdr } from '../../lpa/isdr.ts'
import { deleteProfile, disableProfile, listProfiles, WHOLE_PROFILE_INFO } from '../../lpa/profiles.ts'
import { ES10b } from '../../rsp/es10b.ts'
import { ExtCardResource } from '../../rsp/euicc-info.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'

export interface PreparedCard {
  readonly eid: string
  /** ICCIDs of profiles that earlier runs had left and that had to go. */
  readonly removed: readonly string[]
}

/** Bytes that are free for profiles, where the card tells. */
const readFreeMemory = async (isdr: Isdr): Promise<number | undefined> => {
  const { extCardResource } = (await isdr.call(ES10b.GetEUICCInfo2, {})).value
  try {
    const { freeNonVolatileMemory } = decode(ExtCardResource, encodeTlv(ExtCardResource.tag, extCardResource))
    return Buffer.from(freeNonVolatileMemory).readUIntBE(0, freeNonVolatileMemory.length)
  } catch {
    return undefined
  }
}

const iccidOf = ({ iccid }: ProfileInfo): string => (iccid ? iccidToDigits(iccid).replace(/f$/i, '') : '')

/**
 * Makes a card ready for a run: reads who it is, and takes off what would be in the way, which is the profile that is
 * to be downloaded when it is there already, and of the bench's own earlier ones as many as memory asks for.
 * Profiles of anybody else stay as they are.
 */
export const prepareCard = async (
  card: Pick<Card, 'exclusive' | 'reset'>,
  wanted: { readonly iccid: string; readonly bytes: number; readonly provider: string },
  isdrOptions: IsdrOptions = {},
): Promise<PreparedCard> => {
  const onIsdr = <T>(work: (isdr: Isdr) => Promise<T>): Promise<T> =>
    card.exclusive(channel => withIsdr(channel, isdrOptions, work))
  const seen = await onIsdr(async isdr => ({
    eid: await readEid(isdr),
    free: await readFreeMemory(isdr),
    profiles: await listProfiles(isdr, { tagList: WHOLE_PROFILE_INFO }),
  }))
  const own = seen.profiles.filter(profile => profile.serviceProviderName === wanted.provider)
  const same = seen.profiles.filter(profile => iccidOf(profile) === wanted.iccid.replace(/f$/i, ''))
  // A card needs more than the bytes of the package while it installs it.
  const isShort = seen.free !== undefined && seen.free < 3 * wanted.bytes
  const going = isShort ? [...new Set([...same, ...own])] : same
  for (const profile of going) {
    const name = { iccid: iccidToDigits(profile.iccid!) }
    if (profile.profileState === 'enabled') await disableProfile({ card, profile: name, isdrOptions })
    await onIsdr(isdr => deleteProfile(isdr, name))
  }
  return { eid: seen.eid, removed: going.map(iccidOf) }
}
