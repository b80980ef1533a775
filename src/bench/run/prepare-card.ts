import type { Card } from '../../apdu/channel.ts'
import { decode } from '../../asn1/schema.ts'
import { encodeTlv } from '../../asn1/tlv.ts'
import { BenchError } from '../../host/error.ts'
import { readEid } from '../../lpa/card/euicc.ts'
import { type Isdr, type IsdrOptions, withIsdr } from '../../lpa/card/isdr.ts'
import { deleteProfile, disableProfile, listProfiles, WHOLE_PROFILE_INFO } from '../../lpa/card/profiles.ts'
import { isListed } from '../../rigs/protect-card.ts'
import { ExtCardResource } from '../../rsp/euicc-info.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import { ES10b } from '../../rsp/interfaces/es10b.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import { StepFailure } from './classify-error.ts'

export interface PreparedCard {
  readonly eid: string
  /** ICCIDs of the deleted profiles of earlier runs. */
  readonly removed: readonly string[]
}

/** The free memory for profiles in bytes, if the card reports it. */
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

/** Enabling the new profile disables the enabled one, and the new one can exist and be protected. */
const refuseProtected = (
  { eid, profiles }: { readonly eid: string; readonly profiles: readonly ProfileInfo[] },
  wanted: string,
  numbers: readonly string[],
): void => {
  const refuse = (what: string, why: string): BenchError =>
    new BenchError(
      'protected',
      `${what} is protected by its rig, and a run would ${why}; take it off \`protected\` in the rig file, or use another card`,
    )
  const enabled = profiles.find(({ profileState }) => profileState === 'enabled')
  if (numbers.includes(eid) && enabled)
    throw refuse(`the card ${eid}`, `disable the profile ${iccidOf(enabled)} that is enabled on it`)
  if (enabled && isListed(numbers, iccidOf(enabled))) throw refuse(`the profile ${iccidOf(enabled)}`, 'disable it')
  const same = profiles.find(profile => iccidOf(profile) === wanted.replace(/f$/i, ''))
  if (same && (numbers.includes(eid) || isListed(numbers, iccidOf(same))))
    throw refuse(`the profile ${iccidOf(same)}`, 'delete it, to download it again')
}

/**
 * Prepares a card for a run: reads its EID and deletes the profile that will be downloaded, and earlier profiles of
 * the bench if memory is short. Never deletes other profiles.
 */
export const prepareCard = async (
  card: Pick<Card, 'exclusive' | 'reset'>,
  wanted: {
    readonly iccid: string
    readonly bytes: number
    readonly provider: string
    /** The card that the rig file names. */
    readonly eid?: string | undefined
  },
  isdrOptions: IsdrOptions = {},
  protectedNumbers: readonly string[] = [],
): Promise<PreparedCard> => {
  const onIsdr = <T>(work: (isdr: Isdr) => Promise<T>): Promise<T> =>
    card.exclusive(channel => withIsdr(channel, isdrOptions, work))
  const seen = await onIsdr(async isdr => ({
    eid: await readEid(isdr),
    free: await readFreeMemory(isdr),
    profiles: await listProfiles(isdr, { tagList: WHOLE_PROFILE_INFO }),
  }))
  if (seen.eid !== (wanted.eid ?? seen.eid))
    throw new StepFailure(
      'another-card',
      { verdict: 'blocked', cause: 'rig' },
      `the card in the rig has EID ${seen.eid}, but the rig requires ${wanted.eid}. The bench did not change the card`,
    )
  refuseProtected(seen, wanted.iccid, protectedNumbers)
  const own = seen.profiles.filter(
    profile => profile.serviceProviderName === wanted.provider && !isListed(protectedNumbers, iccidOf(profile)),
  )
  const same = seen.profiles.filter(profile => iccidOf(profile) === wanted.iccid.replace(/f$/i, ''))
  // During installation, a card needs more memory than the size of the package.
  const isShort = seen.free !== undefined && seen.free < 3 * wanted.bytes
  if (isShort && own.length > 0 && protectedNumbers.includes(seen.eid))
    throw new BenchError(
      'protected',
      `the card ${seen.eid} is protected by its rig, and has too little memory left: nothing on it may be deleted for a run`,
    )
  const going = isShort ? [...new Set([...same, ...own])] : same
  for (const profile of going) {
    const name = { iccid: iccidToDigits(profile.iccid!) }
    if (profile.profileState === 'enabled') await disableProfile({ card, profile: name, isdrOptions })
    await onIsdr(isdr => deleteProfile(isdr, name))
  }
  return { eid: seen.eid, removed: going.map(iccidOf) }
}
