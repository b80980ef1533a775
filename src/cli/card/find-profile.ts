import { equalBytes, fromHex, toHex } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import { nearestKey } from '../../host/yaml/near-key.ts'
import type { Isdr } from '../../lpa/card/isdr.ts'
import type { ProfileName } from '../../lpa/card/profile-switch-retry.ts'
import { listProfiles, WHOLE_PROFILE_INFO } from '../../lpa/card/profiles.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'

/** Selects a profile by ICCID (spaces and filler are ignored), AID of its ISD-P, or nickname. */
export type ProfileSelector =
  | { readonly by: 'iccid'; readonly digits: string }
  | { readonly by: 'aid'; readonly aid: Uint8Array }
  | { readonly by: 'nickname'; readonly nickname: string }

export const parseProfileSelector = (text: string): ProfileSelector => {
  const dense = text.replace(/[\s-]/g, '')
  const digits = dense.replace(/f{1,2}$/i, '')
  if (/^\d{18,20}$/.test(digits)) return { by: 'iccid', digits }
  if (/^a0000005591010[0-9a-f]{18}$/i.test(dense)) return { by: 'aid', aid: fromHex(dense) }
  if (text.trim() === '')
    throw new BenchError('usage', 'the profile is empty; give its ICCID, the AID of its ISD-P, or its nickname')
  // Digits are an ICCID. An incomplete one must not match a nickname.
  if (/^\d+f*$/i.test(dense))
    throw new BenchError('usage', `${JSON.stringify(text)} is not an ICCID: 18 to 20 digits are expected`)
  return { by: 'nickname', nickname: text.trim() }
}

export interface SelectedProfile {
  readonly info: ProfileInfo
  /** Selects the profile in ES10c functions. */
  readonly name: ProfileName
  /** The ICCID, or the AID of the ISD-P if the card lists no ICCID. */
  readonly label: string
}

const getIccid = ({ iccid }: ProfileInfo): string => (iccid ? iccidToDigits(iccid) : '')
const getLabel = (info: ProfileInfo): string =>
  getIccid(info) || (info.isdpAid ? toHex(info.isdpAid).toUpperCase() : 'a profile without ICCID')

/** Finds the one profile that the selector matches. Throws if none or several match, and lists the candidates. */
export const findCardProfile = async (isdr: Isdr, selector: ProfileSelector): Promise<SelectedProfile> => {
  const profiles = await listProfiles(isdr, { tagList: WHOLE_PROFILE_INFO })
  const [info, ...others] = profiles.filter(fits(selector))
  if (info === undefined) throw createNotFoundError(selector, profiles)
  if (others.length > 0)
    throw new BenchError(
      'usage',
      `${others.length + 1} profiles match ${describe(selector)}: ${[info, ...others].map(getLabel).join(', ')}; ` +
        'give the ICCID of one of them',
    )
  return { info, name: toProfileName(info, selector), label: getLabel(info) }
}

const toProfileName = ({ iccid, isdpAid }: ProfileInfo, selector: ProfileSelector): ProfileName =>
  isdpAid !== undefined && (selector.by === 'aid' || iccid === undefined)
    ? { isdpAid }
    : { iccid: iccid ? iccidToDigits(iccid) : '' }

const fits =
  (selector: ProfileSelector) =>
  (info: ProfileInfo): boolean => {
    if (selector.by === 'iccid') return getIccid(info) === selector.digits
    if (selector.by === 'aid') return info.isdpAid !== undefined && equalBytes(info.isdpAid, selector.aid)
    return info.profileNickname?.toLowerCase() === selector.nickname.toLowerCase()
  }

const describe = (selector: ProfileSelector): string =>
  selector.by === 'iccid'
    ? selector.digits
    : selector.by === 'aid'
      ? toHex(selector.aid).toUpperCase()
      : JSON.stringify(selector.nickname)

const createNotFoundError = (selector: ProfileSelector, profiles: readonly ProfileInfo[]): BenchError => {
  const kind = { iccid: 'ICCID', aid: 'ISD-P AID', nickname: 'nickname' }[selector.by]
  const names = profiles.flatMap(({ profileNickname }) => profileNickname ?? [])
  const near = selector.by === 'nickname' ? nearestKey(selector.nickname, names) : undefined
  // A missing or an additional check digit is a common error.
  const like =
    selector.by === 'iccid'
      ? profiles.map(getIccid).find(iccid => iccid.startsWith(selector.digits) || selector.digits.startsWith(iccid))
      : undefined
  const hint =
    (near ?? like)
      ? `did you mean ${near ?? like}?`
      : profiles.length === 0
        ? 'it contains no profile'
        : `it contains ${profiles.map(getLabel).join(', ')}`
  return new BenchError('no-such-profile', `the card has no profile with the ${kind} ${describe(selector)}; ${hint}`)
}
