import { equalBytes } from '../../asn1/bytes.ts'
import { toNumber } from '../aka/sequence-number.ts'
import type { FreshnessRules } from '../aka/usim.ts'
import type { ServiceName } from '../elements/profile-element.ts'
import type { AkaParameter, AlgoParameter, PinCodes, PukCodes } from '../elements/security.ts'
import type { AkaDefinition, PinDefinition } from '../file-tree.ts'
import { PeFailure } from './failure.ts'
import { findPath, type Installation, type OpenDirectory } from './installation.ts'

/** High and low nibble of `maxNumOfAttemps-retryNumLeft` (SAIP §8.4). */
const triesOf = (value: number): { maxTries: number; tries: number } => ({ maxTries: value >> 4, tries: value & 0x0f })

/** Interprets PE-PUKCodes (SAIP §8.4.2). */
export const installPuks = (installation: Installation, value: PukCodes): void => {
  for (const puk of value.pukCodes) {
    if (installation.puks.has(puk.keyReference)) throw new PeFailure('bad-values', `PUK ${puk.keyReference} twice`)
    const tries = triesOf(puk['maxNumOfAttemps-retryNumLeft'])
    installation.puks.set(puk.keyReference, { reference: puk.keyReference, value: puk.pukValue, ...tries })
  }
}

/** Global PINs and ADM keys belong to the MF, all others to a DF or ADF (TS 102 221 §9.5.1). */
const isGlobal = (reference: number): boolean => reference < 0x80

/** Interprets PE-PINCodes (SAIP §8.4.1) for the directory created last. */
export const installPins = (installation: Installation, value: PinCodes): void => {
  const directory = installation.current
  if (directory === undefined) throw new PeFailure('bad-values', 'PINs before any directory')
  const pins = installation.pinsOf.get(directory.key) ?? new Map<number, PinDefinition>()
  installation.pinsOf.set(directory.key, pins)
  const { pinconfig, filePath } = value.pinCodes
  if (filePath !== undefined) {
    const lender = findPath(installation, filePath)
    for (const [reference, pin] of installation.pinsOf.get(lender.key) ?? []) pins.set(reference, pin)
    return
  }
  for (const pin of pinconfig) {
    const { keyReference: reference, unblockingPINReference: unblockedBy } = pin
    if (pins.has(reference)) throw new PeFailure('bad-values', `PIN ${reference} twice in ${directory.key}`)
    if (isGlobal(reference) !== (directory.kind === 'MF'))
      throw new PeFailure('bad-values', `PIN ${reference} in ${directory.key}`)
    if (unblockedBy !== undefined && !installation.puks.has(unblockedBy))
      throw new PeFailure('pin-code-missing', `PUK ${unblockedBy} of PIN ${reference}`)
    const definition: PinDefinition = {
      key: `${directory.key}#${reference.toString(16)}`,
      reference,
      value: pin.pinValue,
      unblockedBy,
      enabled: (pin.pinAttributes & 1) !== 0,
      changeable: (pin.pinAttributes & 2) !== 0,
      disablable: (pin.pinAttributes & 4) !== 0,
      ...triesOf(pin['maxNumOfAttemps-retryNumLeft']),
    }
    pins.set(reference, definition)
    installation.pins.set(definition.key, definition)
  }
}

/** The service of each algorithm, and the lengths of its key and operator constant. */
const ALGORITHMS = {
  milenage: { keys: [16], constants: [16] },
  tuak: { keys: [16, 32], constants: [32] },
  'usim-test-algorithm': { keys: [16], constants: undefined },
} as const

const serviceOf = (name: keyof typeof ALGORITHMS, keyLength: number): ServiceName =>
  name === 'tuak' ? (keyLength === 32 ? 'tuak256' : 'tuak128') : name

const checkAlgorithm = (algorithm: AlgoParameter, services: ReadonlySet<ServiceName>): void => {
  const name = algorithm.algorithmID
  if (typeof name === 'number') throw new PeFailure('feature-not-supported', `algorithm ${name}`)
  const { keys, constants } = ALGORITHMS[name]
  if (!(keys as readonly number[]).includes(algorithm.key.length))
    throw new PeFailure('bad-values', `a ${name} key of ${algorithm.key.length} bytes`)
  if (constants !== undefined && !(constants as readonly number[]).includes(algorithm.opc.length))
    throw new PeFailure('bad-values', `an operator constant of ${algorithm.opc.length} bytes for ${name}`)
  if (name === 'tuak' && algorithm.numberOfKeccak === 0) throw new PeFailure('bad-values', 'numberOfKeccak is 0')
  if (!services.has(serviceOf(name, algorithm.key.length))) throw new PeFailure('feature-not-supported', name)
}

/** Bits of `sqnOptions`: the checks of TS 33.102 C.2 that the USIM makes. */
const SQN_OPTIONS = { ageLimit: 0x01, delta: 0x02 }

const rulesOf = (value: AkaParameter, algorithm: AlgoParameter): FreshnessRules => {
  const options = value.sqnOptions[0]!
  return {
    ...(options & SQN_OPTIONS.delta && { delta: toNumber(value.sqnDelta) }),
    ...(options & SQN_OPTIONS.ageLimit && { ageLimit: toNumber(value.sqnAgeLimit) }),
    ...(algorithm.authCounterMax &&
      algorithm.algorithmID !== 'usim-test-algorithm' &&
      toNumber(algorithm.authCounterMax) !== 0xffffff && {
        maxAuthentications: toNumber(algorithm.authCounterMax),
      }),
  }
}

/** Interprets PE-AKAParameter (SAIP §8.5) for the application created last. */
export const installAka = (
  installation: Installation,
  value: AkaParameter,
  services: ReadonlySet<ServiceName>,
): void => {
  const adf = installation.current
  if (adf?.kind !== 'ADF') throw new PeFailure('bad-values', 'an authentication algorithm, but no NAA before it')
  if (installation.aka.has(adf.key)) throw new PeFailure('bad-values', `a second algorithm for ${adf.key}`)
  const { mappingParameter, algoParameter } = value.algoConfiguration
  installation.aka.set(
    adf.key,
    mappingParameter === undefined
      ? ownAka(adf, value, algoParameter, services)
      : mappedAka(installation, mappingParameter.mappingSource),
  )
}

const ownAka = (
  adf: OpenDirectory,
  value: AkaParameter,
  algorithm: AlgoParameter,
  services: ReadonlySet<ServiceName>,
): AkaDefinition => {
  checkAlgorithm(algorithm, services)
  const initialSeqs = value.sqnInit.map(toNumber)
  if (initialSeqs.length !== 32)
    throw new PeFailure('bad-values', `${initialSeqs.length} sequence numbers for 32 indices`)
  return { stateKey: adf.key, algorithm, rules: rulesOf(value, algorithm), initialSeqs }
}

const mappedAka = (installation: Installation, source: Uint8Array): AkaDefinition => {
  const adf = [...installation.adfs.values()].find(({ aid }) => aid !== undefined && equalBytes(aid, source))
  const aka = adf && installation.aka.get(adf.key)
  if (aka === undefined) throw new PeFailure('bad-values', 'the NAA that the algorithm is mapped to does not exist')
  return aka
}
