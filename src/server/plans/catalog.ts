import type { OperatorProfile } from './operator-profile.ts'

/** Facts about the requesting device. */
export interface AskingDevice {
  readonly country: string
  readonly make?: string
  readonly model?: string
  readonly eid?: string
}

type Model = { readonly make: string; readonly model?: string | undefined }

const isModel = (device: AskingDevice, { make, model }: Model): boolean =>
  device.make?.toLowerCase() === make.toLowerCase() &&
  (model === undefined || device.model?.toLowerCase() === model.toLowerCase())

/** The reason why an operator is not offered to this device, or undefined if it is offered. */
const whyHidden = (operator: OperatorProfile, device: AskingDevice): string | undefined => {
  if (!operator.countries.includes(device.country)) return `sells nothing in ${device.country}`
  if (operator.onlyOn !== undefined && !operator.onlyOn.some(model => isModel(device, model)))
    return 'is only offered on the devices of its OEM'
  if (operator.notOn?.models.some(model => isModel(device, model))) return 'excludes this make and model'
  // An EID entry may be a prefix, which selects a family of eUICCs.
  if (device.eid !== undefined && operator.notOn?.eids.some(eid => device.eid?.startsWith(eid)))
    return 'excludes this eSIM'
  return undefined
}

/** Lists the operators for this country and device (reference §2.3), sorted by brand. */
export const listOperators = (
  operators: readonly OperatorProfile[],
  device: AskingDevice,
): readonly OperatorProfile[] =>
  operators
    .filter(operator => whyHidden(operator, device) === undefined)
    .sort((a, b) => a.brandName.localeCompare(b.brandName, 'en', { sensitivity: 'base' }))
