import { choice, optional, sequence, sequenceOf } from '../../asn1/constructed.ts'
import { bits, boolean, namedInteger, octets, utf8 } from '../../asn1/primitives.ts'
import { explicit, tagged } from '../../asn1/schema.ts'
import { Iccid, IsdpAid, ProfileClass } from '../identifiers.ts'
import { ProfileInfo } from '../metadata.ts'
import { es10Function } from './es10-function.ts'

/** CHOICE { isdpAid [APPLICATION 15], iccid [APPLICATION 26] }: identifies a profile. */
const ProfileIdentifier = choice({ isdpAid: IsdpAid, iccid: Iccid }, 'profileIdentifier')

/**
 * EnableProfileRequest and DisableProfileRequest have one structure: the identifier under [0] (explicit, as it is a
 * CHOICE), the flag under [1].
 */
const profileSwitch = (tag: number, name: string) =>
  tagged(
    tag,
    sequence({ profileIdentifier: explicit(0xa0, ProfileIdentifier), refreshFlag: tagged(0x81, boolean()) }, name),
  )

const ProfileInfoListRequest = sequence(
  {
    searchCriteria: optional(
      explicit(
        0xa0,
        choice({ isdpAid: IsdpAid, iccid: Iccid, profileClass: tagged(0x95, ProfileClass) }, 'searchCriteria'),
      ),
    ),
    /** Concatenated tags of ProfileInfo, each in one or two octets. */
    tagList: optional(tagged(0x5c, octets())),
  },
  'ProfileInfoListRequest',
)

/** SGP.22 §5.7.15 to §5.7.21: the profiles on the card. */
export const ES10c = {
  GetProfilesInfo: es10Function({
    interface: 'ES10c',
    name: 'GetProfilesInfo',
    clause: '5.7.15',
    request: tagged(0xbf2d, ProfileInfoListRequest),
    response: explicit(
      0xbf2d,
      choice(
        {
          profileInfoListOk: tagged(0xa0, sequenceOf(ProfileInfo)),
          profileInfoListError: tagged(0x81, namedInteger({ incorrectInputValues: 1, undefinedError: 127 })),
        },
        'ProfileInfoListResponse',
      ),
    ),
  }),
  EnableProfile: es10Function({
    interface: 'ES10c',
    name: 'EnableProfile',
    clause: '5.7.16',
    request: profileSwitch(0xbf31, 'EnableProfileRequest'),
    response: tagged(
      0xbf31,
      sequence(
        {
          enableResult: tagged(
            0x80,
            namedInteger({
              ok: 0,
              iccidOrAidNotFound: 1,
              profileNotInDisabledState: 2,
              disallowedByPolicy: 3,
              wrongProfileReenabling: 4,
              catBusy: 5,
              undefinedError: 127,
            }),
          ),
        },
        'EnableProfileResponse',
      ),
    ),
  }),
  DisableProfile: es10Function({
    interface: 'ES10c',
    name: 'DisableProfile',
    clause: '5.7.17',
    request: profileSwitch(0xbf32, 'DisableProfileRequest'),
    response: tagged(
      0xbf32,
      sequence(
        {
          disableResult: tagged(
            0x80,
            namedInteger({
              ok: 0,
              iccidOrAidNotFound: 1,
              profileNotInEnabledState: 2,
              disallowedByPolicy: 3,
              catBusy: 5,
              undefinedError: 127,
            }),
          ),
        },
        'DisableProfileResponse',
      ),
    ),
  }),
  DeleteProfile: es10Function({
    interface: 'ES10c',
    name: 'DeleteProfile',
    clause: '5.7.18',
    request: explicit(0xbf33, ProfileIdentifier),
    response: tagged(
      0xbf33,
      sequence(
        {
          deleteResult: tagged(
            0x80,
            namedInteger({
              ok: 0,
              iccidOrAidNotFound: 1,
              profileNotInDisabledState: 2,
              disallowedByPolicy: 3,
              undefinedError: 127,
            }),
          ),
        },
        'DeleteProfileResponse',
      ),
    ),
  }),
  eUICCMemoryReset: es10Function({
    interface: 'ES10c',
    name: 'eUICCMemoryReset',
    clause: '5.7.19',
    request: tagged(
      0xbf34,
      sequence(
        {
          resetOptions: tagged(
            0x82,
            bits('deleteOperationalProfiles', 'deleteFieldLoadedTestProfiles', 'resetDefaultSmdpAddress'),
          ),
        },
        'EuiccMemoryResetRequest',
      ),
    ),
    response: tagged(
      0xbf34,
      sequence(
        { resetResult: tagged(0x80, namedInteger({ ok: 0, nothingToDelete: 1, catBusy: 5, undefinedError: 127 })) },
        'EuiccMemoryResetResponse',
      ),
    ),
  }),
  GetEID: es10Function({
    interface: 'ES10c',
    name: 'GetEID',
    clause: '5.7.20',
    request: tagged(0xbf3e, sequence({ tagList: tagged(0x5c, octets(1)) }, 'GetEuiccDataRequest')),
    response: tagged(0xbf3e, sequence({ eidValue: tagged(0x5a, octets(16)) }, 'GetEuiccDataResponse')),
  }),
  SetNickname: es10Function({
    interface: 'ES10c',
    name: 'SetNickname',
    clause: '5.7.21',
    request: tagged(0xbf29, sequence({ iccid: Iccid, profileNickname: tagged(0x90, utf8(64)) }, 'SetNicknameRequest')),
    response: tagged(
      0xbf29,
      sequence(
        { setNicknameResult: tagged(0x80, namedInteger({ ok: 0, iccidNotFound: 1, undefinedError: 127 })) },
        'SetNicknameResponse',
      ),
    ),
  }),
} as const
