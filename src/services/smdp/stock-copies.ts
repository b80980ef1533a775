import { BenchError } from '../../host/error.ts'
import { buildProfilePackage } from '../../profile/build.ts'
import { luhnDigit } from '../../profile/digits.ts'
import { ProfileError } from '../../profile/error.ts'
import { decodeProfilePackage, encodeProfilePackage, getElements, type ProfilePackage } from '../../profile/package.ts'
import type { Personalization } from '../../profile/personalize/values.ts'
import { createTemplate, type ProfileTemplate } from '../../profile/personalize.ts'
import { getProfileSubscriber, type Subscriber } from '../../profile/subscriber.ts'
import type { ProfileRequirements } from '../../server/smdp/es9p/profile-requirements.ts'
import type { ProfileFacts } from '../../server/smdp/profile-facts.ts'
import { OPERATOR } from '../hosts.ts'
import { explain, type PersonalTexts, type Place } from '../inventory/personal-values.ts'
import { MAX_COPIES, type Range } from '../inventory/ranges.ts'

export type Random = (length: number) => Uint8Array

/** A decoded package from which copies are made. */
export interface StockTemplate {
  readonly name: string
  readonly package: ProfilePackage
  readonly template: ProfileTemplate
  readonly subscriber: Subscriber
}

/** A profile for the stock. */
export interface StockItem {
  readonly iccid: string
  readonly profileType: string
  readonly metadata: ProfileFacts
  readonly owner?: string | undefined
  readonly memory?: number | undefined
  readonly requires?: ProfileRequirements | undefined
  /** Created on demand: copies with random keys take time, and profiles in stock need none. */
  readonly make: () => Uint8Array
  /** True if a second copy has the same bytes and can be compared with the profile in stock. */
  readonly isRepeatable: boolean
}

/** The name of the generated package, in place of a file. */
export const OWN_TEMPLATE = 'own'

const digits = (random: Random, count: number): string => [...random(count)].map(octet => octet % 10).join('')

const withCheckDigit = (front: string): string => front + luhnDigit(front)

const buildOwn = (random: Random): ProfilePackage =>
  buildProfilePackage({
    iccid: withCheckDigit(`${OPERATOR.iccidPrefix}${'0'.repeat(11)}`),
    imsi: `${OPERATOR.plmn}0000000000`,
    algorithm: { name: 'milenage', k: random(16), opc: random(16) },
    serviceProviderName: OPERATOR.name,
    msisdn: '+4915550000000',
    serviceCenter: '+4915550000001',
    random,
  })

/** Reads a SAIP file, or generates a package. Throws BenchError `profile-file` with its name. */
export const openTemplate = (name: string, read: (path: string) => Uint8Array, random: Random): StockTemplate => {
  try {
    const pkg = name === OWN_TEMPLATE ? buildOwn(random) : decodeProfilePackage(read(name))
    return { name, package: pkg, template: createTemplate(pkg), subscriber: getProfileSubscriber(pkg) }
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error
    throw new BenchError('profile-file', `the profile file ${name} cannot be used: ${error.message}`, {
      ...(error.offset === undefined ? {} : { data: { offset: error.offset } }),
      cause: error,
    })
  }
}

/** Creates a copy with these values and checks it as a card would at installation. */
export const makeCopy = (
  { template, name }: StockTemplate,
  values: Personalization,
  texts: PersonalTexts,
  place: Place,
): Uint8Array => {
  try {
    const copy = template.personalize(values)
    getProfileSubscriber(copy)
    return encodeProfilePackage(copy)
  } catch (error) {
    const explained = explain(error, texts, place)
    if (!(explained instanceof ProfileError)) throw explained
    throw new BenchError('profile-file', `no copy of ${name} can be made: ${explained.message}`, { cause: error })
  }
}

/** Random keys, PUKs and an administrative key, for each that the template contains. */
export const randomSecrets = (
  { package: pkg }: StockTemplate,
  random: Random,
  given: Personalization,
): Personalization => {
  const aka = getElements(pkg, 'akaParameter').find(({ value }) => value.algoConfiguration.algoParameter !== undefined)
  const own = aka?.value.algoConfiguration.algoParameter
  const isTest = given.algorithm === undefined && own?.algorithmID === 'usim-test-algorithm'
  const references = getElements(pkg, 'pinCodes').flatMap(({ value }) =>
    (value.pinCodes.pinconfig ?? []).map(pin => pin.keyReference),
  )
  const otaKeys = getElements(pkg, 'securityDomain')[0]?.value.keyList ?? []
  const lengthOf = (identifier: number): number | undefined =>
    otaKeys.find(key => key.keyIdentifier[0] === identifier)?.keyCompontents[0]?.keyData.length
  const otaKey = (name: 'kic' | 'kid' | 'kik', identifier: number): Personalization => {
    const length = lengthOf(identifier)
    return length !== undefined && [16, 24, 32].includes(length) ? { [name]: random(length) } : {}
  }
  return {
    ...(own && { k: random(given.algorithm === undefined ? own.key.length : 16) }),
    ...(own && !isTest && { opc: random(given.algorithm === undefined ? own.opc.length : 16) }),
    ...(getElements(pkg, 'pukCodes').length > 0 && { puk1: digits(random, 8), puk2: digits(random, 8) }),
    ...(references.includes(0x0a) && { adm1: random(8) }),
    ...otaKey('kic', 1),
    ...otaKey('kid', 2),
    ...otaKey('kik', 3),
    ...given,
  }
}

/** The properties that all copies share. */
export interface TypeFacts {
  readonly profileType: string
  readonly metadata: ProfileFacts
  readonly owner?: string | undefined
  readonly memory?: number | undefined
  readonly requires?: ProfileRequirements | undefined
}

export interface CopyPlan {
  readonly template: StockTemplate
  readonly facts: TypeFacts
  /** Used in each copy without a value of its own. */
  readonly defaults: Personalization
  readonly count: number
  readonly iccid: Range
  readonly imsi?: Range | undefined
  readonly msisdn?: Range | undefined
  readonly randomKeys: boolean
  readonly random: Random
  readonly place: Place
}

/** Creates copies with numbers from ranges. */
export const planCopies = (plan: CopyPlan): StockItem[] => {
  const { template, facts, defaults, count, iccid, imsi, msisdn, randomKeys, random, place } = plan
  if (count < 1 || count > MAX_COPIES)
    throw new BenchError('inventory', `${place('iccid')}: 1 to ${MAX_COPIES} copies are made at once, not ${count}`)
  return Array.from({ length: count }, (_, index) => {
    const numbers = {
      iccid: iccid.at(index),
      ...(imsi && { imsi: imsi.at(index) }),
      ...(msisdn && { msisdn: msisdn.at(index) }),
    }
    return {
      ...facts,
      iccid: numbers.iccid,
      isRepeatable: !randomKeys && template.name !== OWN_TEMPLATE,
      make() {
        const given = { ...defaults, ...numbers }
        return makeCopy(template, randomKeys ? randomSecrets(template, random, given) : given, numbers, place)
      },
    }
  })
}

/** A new ICCID and IMSI of the bench's test operator and the network of the template. */
export const randomNumbers = ({ subscriber: { mcc, mnc } }: StockTemplate, random: Random) => ({
  iccid: withCheckDigit(`${OPERATOR.iccidPrefix}${digits(random, 11)}`),
  imsi: `${mcc}${mnc}${digits(random, 15 - mcc.length - mnc.length)}`,
})
