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

/** An element of a kind that this version of SAIP does not define; its bytes are retained. */
export interface UnknownElement {
  readonly kind: 'unknown'
  readonly tag: number
  readonly value: undefined
}
type KnownElement = { [K in ElementKind]: { readonly kind: K; readonly value: ElementValue<K> } }[ElementKind]

/** One profile element: its value and its bytes as received. */
export type ProfileElement = (KnownElement | UnknownElement) & {
  readonly bytes: Uint8Array
  /** The offset of the element in the package. */
  readonly offset: number
  /** The identification number of its PEHeader, which an eUICC uses in reports. */
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

/** Converts an Asn1Error to a ProfileError with element, offset and expectation. */
const describeFault = (error: unknown, start: number, kind: ElementKind | undefined): ProfileError => {
  if (!(error instanceof Asn1Error)) throw error
  const offset = error.offset ?? start
  const where = [kind, ...error.path].filter(Boolean).join('.')
  const expected =
    error.code === 'truncated' ? 'a complete element (the file may be truncated)' : `a valid ${where || 'element'}`
  return new ProfileError(
    kind === undefined ? 'not-a-package' : 'bad-element',
    `offset ${offset}: ${where ? `${where}: ` : ''}${error.detail}; expected ${expected}`,
    { offset, expected, ...(kind && { element: kind }), cause: error },
  )
}

const refuse = (offset: number, found: string, expected: string): ProfileError =>
  new ProfileError('not-a-package', `offset ${offset}: ${found}; expected ${expected}`, { offset, expected })

/**
 * Reads concatenated elements in any order. Throws a ProfileError at the first invalid element. An eUICC reports on
 * each element and uses this function; files are read by {@link decodeProfilePackage}.
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

/** Decodes a SAIP profile package: a ProfileHeader first, PE-End last (SAIP §8.1). Unknown elements are retained. */
export const decodeProfilePackage = (bytes: Uint8Array): ProfilePackage => {
  if (bytes.length === 0) throw refuse(0, 'nothing', "a ProfileHeader (tag 'A0')")
  if (kindOfTag(bytes[0]!) !== 'header')
    throw refuse(0, `tag ${showTag(bytes[0]!)}`, "a SAIP profile package that begins with a ProfileHeader (tag 'A0')")
  const elements = decodeElements(bytes)
  const last = elements.at(-1)!
  if (last.kind !== 'end') throw refuse(bytes.length, 'the end of the file', "PE-End (tag 'AA')")
  return { elements }
}

/** Encodes the package. Each element returns its bytes as received. */
export const encodeProfilePackage = (pkg: ProfilePackage): Uint8Array =>
  concat(...pkg.elements.map(element => element.bytes))

/** Creates an element from its value; `offset` is its position in the package. */
export const createElement = <K extends ElementKind>(kind: K, value: ElementValue<K>, offset = 0): ProfileElement => {
  const bytes = ProfileElementTypes[kind].encode(value)
  const [element] = decodeElements(bytes)
  return { ...element!, offset }
}

/** Returns all elements of one kind in order. */
export const getElements = <K extends ElementKind>(pkg: ProfilePackage, kind: K): readonly ElementOfKind<K>[] =>
  pkg.elements.filter((element): element is ElementOfKind<K> => element.kind === kind)
