import { concat } from '../asn1/bytes.ts'
import { Asn1Error } from '../asn1/error.ts'
import { showTag } from '../asn1/schema.ts'
import { getElementBytes, readTlv, type Tlv } from '../asn1/tlv.ts'
import {
  type ElementKind,
  type ElementValue,
  getPeHeader,
  kindOfTag,
  ProfileElementTypes,
} from './elements/profile-element.ts'
import { ProfileError } from './error.ts'

/** An element of a kind that this version of SAIP does not have; its bytes survive. */
export interface UnknownElement {
  readonly kind: 'unknown'
  readonly tag: number
  readonly value: undefined
}
type KnownElement = { [K in ElementKind]: { readonly kind: K; readonly value: ElementValue<K> } }[ElementKind]

/** One profile element: its value beside the bytes it came in. */
export type ProfileElement = (KnownElement | UnknownElement) & {
  readonly bytes: Uint8Array
  /** Where the element begins in the package. */
  readonly offset: number
  /** Identification number of its PEHeader, by which an eUICC reports on it. */
  readonly identification?: number
  readonly mandated: boolean
}
export type ElementOfKind<K extends ElementKind> = Extract<ProfileElement, { kind: K }>

/** A profile package (SAIP §8): elements in the order in which an eUICC interprets them. */
export interface ProfilePackage {
  readonly elements: readonly ProfileElement[]
}

const readElement = (tlv: Tlv): ProfileElement => {
  const bytes = getElementBytes(tlv)
  const kind = kindOfTag(tlv.tag)
  if (kind === undefined)
    return { kind: 'unknown', tag: tlv.tag, value: undefined, bytes, offset: tlv.start, mandated: false }
  const value = ProfileElementTypes[kind].decodeTlv(tlv)
  const header = getPeHeader(kind, value)
  return {
    kind,
    value,
    bytes,
    offset: tlv.start,
    mandated: header?.mandated !== undefined,
    ...(header && { identification: header.identification }),
  } as ProfileElement
}

/** The asn1 room's error in this room's words: which element, at which offset of the file, what was expected. */
const describeFault = (error: unknown, start: number, kind: ElementKind | undefined): ProfileError => {
  if (!(error instanceof Asn1Error)) throw error
  const offset = error.offset ?? start
  const where = [kind, ...error.path].filter(Boolean).join('.')
  const expected =
    error.code === 'truncated' ? 'a whole element (the file may have been cut off)' : `a valid ${where || 'element'}`
  return new ProfileError(
    kind === undefined ? 'not-a-package' : 'bad-element',
    `offset ${offset}: ${where ? `${where}: ` : ''}${error.detail}; expected ${expected}`,
    { offset, expected, ...(kind && { element: kind }), cause: error },
  )
}

const refuse = (offset: number, found: string, expected: string): ProfileError =>
  new ProfileError('not-a-package', `offset ${offset}: ${found} where ${expected} is expected`, { offset, expected })

/**
 * Reads the elements one after another, whatever their order; throws a ProfileError at the first that cannot be read.
 * An eUICC, which must report on each element, reads this way; a file goes through {@link decodeProfilePackage}.
 */
export const decodeElements = (bytes: Uint8Array): readonly ProfileElement[] => {
  const elements: ProfileElement[] = []
  for (let at = 0; at < bytes.length; ) {
    let kind: ElementKind | undefined
    try {
      const tlv = readTlv(bytes, at)
      kind = kindOfTag(tlv.tag)
      elements.push(readElement(tlv))
      at = tlv.end
    } catch (error) {
      throw describeFault(error, at, kind)
    }
  }
  return elements
}

/** Decodes a SAIP profile package: a ProfileHeader first, PE-End last (SAIP §8.1), every element known or kept. */
export const decodeProfilePackage = (bytes: Uint8Array): ProfilePackage => {
  if (bytes.length === 0) throw refuse(0, 'nothing', "a ProfileHeader (tag 'A0')")
  if (kindOfTag(bytes[0]!) !== 'header')
    throw refuse(
      0,
      `tag ${showTag(bytes[0]!)}`,
      "a SAIP profile package, which begins with a ProfileHeader (tag 'A0'),",
    )
  const elements = decodeElements(bytes)
  const last = elements.at(-1)!
  if (last.kind !== 'end') throw refuse(bytes.length, 'the end of the file', "PE-End (tag 'AA')")
  return { elements }
}

/** The package as bytes. Elements give back the bytes they came in. */
export const encodeProfilePackage = (pkg: ProfilePackage): Uint8Array =>
  concat(...pkg.elements.map(element => element.bytes))

/** Makes an element from its value; `offset` is where it will stand. */
export const createElement = <K extends ElementKind>(kind: K, value: ElementValue<K>, offset = 0): ProfileElement => {
  const bytes = ProfileElementTypes[kind].encode(value)
  const [element] = decodeElements(bytes)
  return { ...element!, offset }
}

/** All elements of one kind, in their order. */
export const getElements = <K extends ElementKind>(pkg: ProfilePackage, kind: K): readonly ElementOfKind<K>[] =>
  pkg.elements.filter((element): element is ElementOfKind<K> => element.kind === kind)
