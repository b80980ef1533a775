import { equalBytes } from '../../asn1/bytes.ts'
import type { ElementValue } from '../elements/profile-element.ts'
import { badValue, type Personalization } from './values.ts'

/** ASCII digits padded with 'FF' (TS 102 221 §9.5.1). */
const codeBytes = (digits: string): Uint8Array => {
  const out = new Uint8Array(8).fill(0xff)
  out.set(Uint8Array.from(digits, digit => digit.charCodeAt(0)))
  return out
}

/** Key references of TS 102 221 table 9.3: application PIN 1, second application PIN, administrative key 1. */
const REFERENCE = { first: 0x01, second: 0x81, adm1: 0x0a } as const

/** Replaces the members for which `next` returns another value. Returns the list itself if no member changes. */
const mapChanged = <T>(list: readonly T[], next: (item: T) => T): readonly T[] => {
  const mapped = list.map(next)
  return mapped.some((item, at) => item !== list[at]) ? mapped : list
}

export const personalPins = (
  value: ElementValue<'pinCodes'>,
  { pin1, pin2, adm1 }: Personalization,
): ElementValue<'pinCodes'> => {
  const { pinconfig } = value.pinCodes
  if (pinconfig === undefined) return value
  const codes = new Map<number, Uint8Array>()
  if (pin1 !== undefined) codes.set(REFERENCE.first, codeBytes(pin1))
  if (pin2 !== undefined) codes.set(REFERENCE.second, codeBytes(pin2))
  if (adm1 !== undefined) codes.set(REFERENCE.adm1, adm1)
  const next = mapChanged(pinconfig, pin => {
    const pinValue = codes.get(pin.keyReference)
    return pinValue === undefined || equalBytes(pinValue, pin.pinValue) ? pin : { ...pin, pinValue }
  })
  return next === pinconfig ? value : { ...value, pinCodes: { pinconfig: next } }
}

export const personalPuks = (
  value: ElementValue<'pukCodes'>,
  { puk1, puk2 }: Personalization,
): ElementValue<'pukCodes'> => {
  const codes = new Map<number, Uint8Array>()
  if (puk1 !== undefined) codes.set(REFERENCE.first, codeBytes(puk1))
  if (puk2 !== undefined) codes.set(REFERENCE.second, codeBytes(puk2))
  const pukCodes = mapChanged(value.pukCodes, puk => {
    const pukValue = codes.get(puk.keyReference)
    return pukValue === undefined || equalBytes(pukValue, puk.pukValue) ? puk : { ...puk, pukValue }
  })
  return pukCodes === value.pukCodes ? value : { ...value, pukCodes }
}

/**
 * PE-AKAParameter (SAIP §8.5): key and operator constant of every NAA. An NAA with a mapping uses those of its source.
 */
export const personalAka = (
  value: ElementValue<'akaParameter'>,
  { algorithm, k, opc }: Personalization,
): ElementValue<'akaParameter'> => {
  const own = value.algoConfiguration.algoParameter
  if (own === undefined || (k === undefined && opc === undefined)) return value
  const name = algorithm ?? own.algorithmID
  if (opc !== undefined && name === 'usim-test-algorithm')
    throw badValue(
      'opc',
      'the test algorithm of the template has none; set `algorithm: milenage` to replace it with Milenage',
    )
  const [keys, constants] = name === 'tuak' ? [[16, 32], 32] : [[16], 16]
  if (k !== undefined && !keys.includes(k.length)) throw badValue('k', `a ${name} key has ${keys.join(' or ')} bytes`)
  if (opc !== undefined && opc.length !== constants) throw badValue('opc', `for ${name} it has ${constants} bytes`)
  const key = k ?? own.key
  const constant = opc ?? own.opc
  if (name === own.algorithmID && equalBytes(key, own.key) && equalBytes(constant, own.opc)) return value
  const switched =
    name === own.algorithmID ? {} : { algorithmID: 'milenage' as const, algorithmOptions: Uint8Array.of(1) }
  return { ...value, algoConfiguration: { algoParameter: { ...own, ...switched, key, opc: constant } } }
}

/**
 * SCP80 key sets have the versions 01 to 0F and the key identifiers 1 to 3 (TS 102 225 §5.1.2, GlobalPlatform
 * amendment).
 */
export const personalOtaKeys = (
  value: ElementValue<'securityDomain'>,
  { kic, kid, kik }: Personalization,
): ElementValue<'securityDomain'> => {
  const fresh = [
    ['kic', kic],
    ['kid', kid],
    ['kik', kik],
  ] as const
  const { keyList } = value
  if (keyList === undefined || fresh.every(([, bytes]) => bytes === undefined)) return value
  const versions = keyList.map(key => key.keyVersionNumber[0]!).filter(version => version >= 0x01 && version <= 0x0f)
  if (versions.length === 0) return value
  const version = Math.min(...versions)
  const next = mapChanged(keyList, key => {
    const [field, bytes] = fresh[key.keyIdentifier[0]! - 1] ?? []
    if (field === undefined || bytes === undefined || key.keyVersionNumber[0] !== version) return key
    const keyCompontents = mapChanged(key.keyCompontents, component => {
      if (component.keyData.length !== bytes.length)
        throw badValue(field, `the key of the template has ${component.keyData.length} bytes, this one ${bytes.length}`)
      return equalBytes(component.keyData, bytes) ? component : { ...component, keyData: bytes }
    })
    return keyCompontents === key.keyCompontents ? key : { ...key, keyCompontents }
  })
  return next === keyList ? value : { ...value, keyList: next }
}
