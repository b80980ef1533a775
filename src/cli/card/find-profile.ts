import { equalBytes, fromHex, toHex } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import { nearestKey } from '../../host/yaml/near-key.ts'
import type { Isdr } from '../../lpa/card/isdr.ts'
import type { ProfileName } from '../../lpa/card/profile-switch-retry.ts'
import { listProfiles, WHOLE_PROFILE_INFO } from '../../lpa/card/profiles.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'

/** A profile as a person names it: ICCID (with blanks, filler or not), AID of its ISD-P, or nickname. */
export type Wanted =
  | { readonly by: 'iccid'; readonly digits: string }
  | { readonly by: 'aid'; readonly aid: Uint8Array }
  | { readonly by: 'nickname'; readonly nickname: string }

export const readWanted = (text: string): Wanted => {
  const dense = text.replace(/[\s-]/g, '')
  const digits = dense.replace(/f{1,2}$/i, '')
  if (/^\d{18,20}$/.test(digits)) return { by: 'iccid', digits }
  if (/^a0000005591010[0-9a-f]{18}$/i.test(dense)) return { by: 'aid', aid: fromHex(dense) }
  if (text.trim() === '')
    throw new BenchError('usage', 'which profile? give its ICCID, the AID of its ISD-P, or its nickname')
  // Digits alone are meant as an ICCID, and one that is cut off must not find a nickname.
  if (/^\d+f*$/i.test(dense))
    throw new BenchError('usage', `${JSON.stringify(text)} is not an ICCID: 18 to 20 digits are expected`)
  return { by: 'nickname', nickname: text.trim() }
}

export interface Found {
  readonly info: ProfileInfo
  /** For the card. */
  readonly name: ProfileName
  /** For a person, and what the card lists it under: the ICCID, or the AID where it lists none. */
  readonly label: string
}

const iccidOf = ({ iccid }: ProfileInfo): string => (iccid ? iccidToDigits(iccid) : '')
const labelOf = (info: ProfileInfo): string =>
  iccidOf(info) || (info.isdpAid ? toHex(info.isdpAid).toUpperCase() : 'a profile without ICCID')

/** The one profile on the card that is meant; none, or several, is refused with what there is. */
export const findProfile = async (isdr: Isdr, wanted: Wanted): Promise<Found> => {
  const profiles = await listProfiles(isdr, { tagList: WHOLE_PROFILE_INFO })
  const [info, ...others] = profiles.filter(fits(wanted))
  if (info === undefined) throw notThere(wanted, profiles)
  if (others.length > 0)
    throw new BenchError(
      'usage',
      `${describe(wanted)} is the name of ${others.length + 1} profiles: ${[info, ...others].map(labelOf).join(', ')}; ` +
        'give the ICCID of the one you mean',
    )
  return { info, name: nameOf(info, wanted), label: labelOf(info) }
}

const nameOf = ({ iccid, isdpAid }: ProfileInfo, wanted: Wanted): ProfileName =>
  isdpAid !== undefined && (wanted.by === 'aid' || iccid === undefined)
    ? { isdpAid }
    : { iccid: iccid ? iccidToDigits(iccid) : '' }

const fits =
  (wanted: Wanted) =>
  (info: ProfileInfo): boolean => {
    if (wanted.by === 'iccid') return iccidOf(info) === wanted.digits
    if (wanted.by === 'aid') return info.isdpAid !== undefined && equalBytes(info.isdpAid, wanted.aid)
    return info.profileNickname?.toLowerCase() === wanted.nickname.toLowerCase()
  }

const describe = (wanted: Wanted): string =>
  wanted.by === 'iccid'
    ? wanted.digits
    : wanted.by === 'aid'
      ? toHex(wanted.aid).toUpperCase()
      : JSON.stringify(wanted.nickname)

const notThere = (wanted: Wanted, profiles: readonly ProfileInfo[]): BenchError => {
  const what = wanted.by === 'nickname' ? 'called' : 'with the number'
  const names = profiles.flatMap(({ profileNickname }) => profileNickname ?? [])
  const near = wanted.by === 'nickname' ? nearestKey(wanted.nickname, names) : undefined
  // A number that lacks its check digit, or has one too many, is the common slip.
  const like =
    wanted.by === 'iccid'
      ? profiles.map(iccidOf).find(iccid => iccid.startsWith(wanted.digits) || wanted.digits.startsWith(iccid))
      : undefined
  const hint =
    (near ?? like)
      ? `did you mean ${near ?? like}?`
      : profiles.length === 0
        ? 'it holds no profile'
        : `it holds ${profiles.map(labelOf).join(', ')}`
  return new BenchError('no-such-profile', `no profile ${what} ${describe(wanted)} is on this card; ${hint}`)
}
