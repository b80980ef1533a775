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

/** A package that was read, and what its copies start from. */
export interface StockTemplate {
  readonly name: string
  readonly package: ProfilePackage
  readonly template: ProfileTemplate
  readonly subscriber: Subscriber
}

/** A profile to be put into stock. */
export interface StockItem {
  readonly iccid: string
  readonly profileType: string
  readonly metadata: ProfileFacts
  readonly owner?: string | undefined
  readonly memory?: number | undefined
  readonly requires?: ProfileRequirements | undefined
  /** Made when it is needed: copies with random keys cost time, and are not made again for what is in stock. */
  readonly make: () => Uint8Array
  /** Made twice it is the same: what is in stock under its ICCID can be compared with it. */
  readonly isRepeatable: boolean
}

/** A package of our own under this name, in place of a file. */
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

/** Reads a SAIP file, or makes a package of our own; what is wrong with it is said with its name. */
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

/** The package with these values in it, checked by installing it as a card would. */
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

/** Keys, PUKs and an administrative key that nobody knows, as many as the template has places for. */
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

/** What all profiles of a type have in common. */
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
  /** In every copy, unless it has a value of its own. */
  readonly defaults: Personalization
  readonly count: number
  readonly iccid: Range
  readonly imsi?: Range | undefined
  readonly msisdn?: Range | undefined
  readonly randomKeys: boolean
  readonly random: Random
  readonly place: Place
}

/** Copies with numbers from ranges. */
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

/** An ICCID and IMSI that nobody had before, of the bench's test operator and the template's network. */
export const randomNumbers = ({ subscriber: { mcc, mnc } }: StockTemplate, random: Random) => ({
  iccid: withCheckDigit(`${OPERATOR.iccidPrefix}${digits(random, 11)}`),
  imsi: `${mcc}${mnc}${digits(random, 15 - mcc.length - mnc.length)}`,
})
