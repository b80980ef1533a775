import { decodeCommand } from '../../apdu/command.ts'
import { isApduError } from '../../apdu/errors.ts'
import { getLogicalChannel } from '../../apdu/logical-channel.ts'
import { respond } from '../../apdu/status.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { decode, type SchemaValue } from '../../asn1/schema.ts'
import { ES6 } from '../../rsp/interfaces/es6.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import { assemble } from '../commands/store-data.ts'
import type { CardData } from '../state/card-data.ts'
import { getEnabledProfile, getProfileKey, type Profile } from '../state/state.ts'

type UpdateMetadataRequest = SchemaValue<(typeof ES6)['UpdateMetadata']['request']>

/**
 * ES6.UpdateMetadata (SGP.22 §5.4.1). The operator sends STORE DATA to the MNO-SD of the enabled profile over SCP80 or
 * SCP81. The secure channel itself is not simulated: this is the decrypted command.
 */
export const updateMetadata = async (device: CardData, bytes: Uint8Array): Promise<Uint8Array> => {
  const command = tryCommand(bytes)
  if (command === undefined) return respond(0x6700)
  if (command.ins !== 0xe2) return respond(0x6d00)
  const profile = getEnabledProfile(device.state)
  if (profile === undefined) return respond(0x6a82)
  // The longest request has an icon of 1024 bytes and needs several blocks, which the secure channel keeps together.
  const assembled = assemble(device.operatorAssembly, command)
  device.operatorAssembly = assembled.step === 'more' ? assembled.assembly : undefined
  if (assembled.step === 'refused') return respond(assembled.status)
  if (assembled.step === 'more') return respond(0x9000)

  let request: UpdateMetadataRequest
  try {
    request = decode(ES6.UpdateMetadata.request, assembled.payload)
  } catch (error) {
    if (error instanceof Asn1Error) return respond(0x6a80)
    throw error
  }
  const updated = applyUpdate(profile, request)
  if (updated === undefined) return respond(0x6a80)
  await device.commit({
    ...device.state,
    profiles: new Map(device.state.profiles).set(getProfileKey(profile), updated),
  })
  return respond(0x9000)
}

const tryCommand = (bytes: Uint8Array) => {
  try {
    const command = decodeCommand(bytes)
    return getLogicalChannel(command.cla) === 0 && !command.extended ? command : undefined
  } catch (error) {
    if (isApduError(error, 'bad-command')) return undefined
    throw error
  }
}

/** The profile with changed metadata; undefined if the update is not allowed. */
const applyUpdate = (profile: Profile, update: UpdateMetadataRequest): Profile | undefined => {
  const { profilePolicyRules, icon, iconType, ...texts } = update
  // Icon and icon type are set together; an empty icon deletes the old one.
  if ((icon === undefined) !== (iconType === undefined)) return undefined
  const { icon: oldIcon, iconType: oldType, profilePolicyRules: oldRules = [], ...rest } = profile.info
  // The operator can remove a policy rule but not add one (SGP.22 §2.9.2.4).
  const added = (profilePolicyRules ?? []).filter(rule => rule !== 'pprUpdateControl' && !oldRules.includes(rule))
  if (added.length > 0) return undefined

  const icons: Pick<ProfileInfo, 'icon' | 'iconType'> =
    icon === undefined
      ? { ...(oldIcon && { icon: oldIcon }), ...(oldType !== undefined && { iconType: oldType }) }
      : icon.length > 0
        ? { icon, iconType }
        : {}
  const rules = profilePolicyRules ?? oldRules
  const kept = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined))
  return {
    ...profile,
    info: { ...rest, ...kept, ...icons, ...(rules.length > 0 ? { profilePolicyRules: rules } : {}) },
  }
}
