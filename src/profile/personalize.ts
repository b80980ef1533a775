import { equalBytes } from '../asn1/bytes.ts'
import { packDigits } from './digits.ts'
import { type ElementKind, type ElementValue, ProfileElementTypes } from './elements/profile-element.ts'
import { ProfileError } from './error.ts'
import { installProfile, SUPPORTED_SERVICES } from './install.ts'
import type { ElementOfKind, ProfileElement, ProfilePackage } from './package.ts'
import { changed } from './personalize/changed.ts'
import { createFileRewriter } from './personalize/file-contents.ts'
import { personalAka, personalOtaKeys, personalPins, personalPuks } from './personalize/secret-values.ts'
import { subscriberFiles } from './personalize/subscriber-files.ts'
import { badValue, checkPersonalization, type PersonalField, type Personalization } from './personalize/values.ts'

/** A package from which copies with individual values are made. */
export interface ProfileTemplate {
  /** Throws ProfileError `bad-parameter`; its `element` is the field that is invalid or missing in this template. */
  personalize(values: Personalization): ProfilePackage
}

/** The element that must exist for a value. */
const HOMES: Partial<Record<PersonalField, ElementKind>> = {
  k: 'akaParameter',
  opc: 'akaParameter',
  algorithm: 'akaParameter',
  pin1: 'pinCodes',
  pin2: 'pinCodes',
  adm1: 'pinCodes',
  puk1: 'pukCodes',
  puk2: 'pukCodes',
  kic: 'securityDomain',
  kid: 'securityDomain',
  kik: 'securityDomain',
}

/** Uses a package as a template. Elements with a new value are encoded again; all others keep their bytes. */
export const createTemplate = (template: ProfilePackage): ProfileTemplate => {
  const { profile, ...failed } = installProfile(template, {
    services: new Set(SUPPORTED_SERVICES),
    freeMemory: Number.POSITIVE_INFINITY,
  })
  if (profile === undefined)
    throw new ProfileError(
      'bad-element',
      `the template cannot be installed: ${'reason' in failed ? failed.reason : ''}`,
    )
  return {
    personalize(values) {
      checkPersonalization(values)
      for (const [field, kind] of Object.entries(HOMES))
        if (values[field as PersonalField] !== undefined && !template.elements.some(element => element.kind === kind))
          throw badValue(field as PersonalField, `the template has no ${kind} for it`)
      const rewritten = createFileRewriter(subscriberFiles(profile, values))
      let offset = 0
      const elements = template.elements.map(element => {
        const next = reencode(element, personalValue(element, values, rewritten), offset)
        offset += next.bytes.length
        return next
      })
      return { elements }
    },
  }
}

const personalValue = (
  element: ProfileElement,
  values: Personalization,
  rewritten: (element: ProfileElement) => unknown,
): unknown => {
  switch (element.kind) {
    case 'header':
      return personalHeader(element, values)
    case 'pinCodes':
      return personalPins(element.value, values)
    case 'pukCodes':
      return personalPuks(element.value, values)
    case 'akaParameter':
      return personalAka(element.value, values)
    case 'securityDomain':
      return personalOtaKeys(element.value, values)
    default:
      return rewritten(element)
  }
}

const reencode = (element: ProfileElement, value: unknown, offset: number): ProfileElement => {
  if (value === element.value && offset === element.offset) return element
  if (value === element.value) return { ...element, offset }
  const { encode } = ProfileElementTypes[element.kind as ElementKind] as { encode(value: unknown): Uint8Array }
  return { ...element, value, bytes: encode(value), offset } as ProfileElement
}

/** The ICCID, and with another algorithm the service that the card needs for it. */
const personalHeader = (
  { value }: ElementOfKind<'header'>,
  { iccid, algorithm }: Personalization,
): ElementValue<'header'> => {
  const changes: { -readonly [K in keyof ElementValue<'header'>]?: ElementValue<'header'>[K] } = {}
  const packed = iccid === undefined ? value.iccid : packDigits(iccid, 10)
  if (!equalBytes(packed, value.iccid)) changes.iccid = packed
  const services = value['eUICC-Mandatory-services']
  if (algorithm !== undefined && !(algorithm in services)) {
    const others = Object.entries(services).filter(
      ([service]) => service !== 'usim-test-algorithm' && !service.startsWith('tuak'),
    )
    changes['eUICC-Mandatory-services'] = { ...Object.fromEntries(others), [algorithm]: null }
  }
  return Object.keys(changes).length === 0 ? value : changed(value, changes)
}
