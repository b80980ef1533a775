import { optional, sequenceOf } from '../../asn1/constructed.ts'
import { nothing, octets, oid, utf8 } from '../../asn1/primitives.ts'
import type { SchemaValue, TaggedSchema } from '../../asn1/schema.ts'
import { Application, NonStandard, Rfm, SecurityDomain } from './applications.ts'
import { automatic, numbered } from './automatic-tags.ts'
import { ApplicationIdentifier, GenericFileManagement, PEHeader, UInt8 } from './file.ts'
import { FileSystemElements, type FileSystemKind, getHeaderName } from './file-system.ts'
import { AkaParameter, CdmaParameter, PinCodes, PukCodes } from './security.ts'

/** SAIP §8.2.  The services that a profile can require, in the order of ServicesList. */
const SERVICES = [
  'contactless',
  'usim',
  'isim',
  'csim',
  'milenage',
  'tuak128',
  'cave',
  'gba-usim',
  'gba-isim',
  'mbms',
  'eap',
  'javacard',
  'multos',
  'multiple-usim',
  'multiple-isim',
  'multiple-csim',
  'tuak256',
  'usim-test-algorithm',
  'ber-tlv',
  'dfLink',
  'cat-tp',
  'get-identity',
  'profile-a-x25519',
  'profile-b-p256',
  'suciCalculatorApi',
  'dns-resolution',
  'scp11ac',
  'scp11c-authorization-mechanism',
  's16mode',
  'eaka',
] as const
export type ServiceName = (typeof SERVICES)[number]

const ServicesList = automatic(
  Object.fromEntries(SERVICES.map(name => [name, optional(nothing())])) as Record<
    ServiceName,
    ReturnType<typeof optional<null>>
  >,
  'ServicesList',
)

/** SAIP §8.2.  ProfileHeader: always the first element. */
export const ProfileHeader = automatic(
  {
    'major-version': UInt8,
    'minor-version': UInt8,
    profileType: optional(utf8(100)),
    iccid: octets(10),
    pol: optional(octets()),
    'eUICC-Mandatory-services': ServicesList,
    'eUICC-Mandatory-GFSTEList': sequenceOf(oid(), 'eUICC-Mandatory-GFSTEList'),
    connectivityParameters: optional(octets()),
    'eUICC-Mandatory-AIDs': optional(sequenceOf(automatic({ aid: ApplicationIdentifier, version: octets(2) }))),
    iotOptions: optional(automatic({ pix: octets(7, 11) })),
  },
  'ProfileHeader',
)
export type ProfileHeader = SchemaValue<typeof ProfileHeader>

/** SAIP §8.10.  PE-End: always the last element. */
export const End = automatic({ 'end-header': PEHeader }, 'PE-End')

/** The types without files by their number in the CHOICE; SAIP reserves 11 to 15. */
const FIRST = {
  header: ProfileHeader,
  genericFileManagement: GenericFileManagement,
  pinCodes: PinCodes,
  pukCodes: PukCodes,
  akaParameter: AkaParameter,
  cdmaParameter: CdmaParameter,
  securityDomain: SecurityDomain,
  rfm: Rfm,
  application: Application,
  nonStandard: NonStandard,
  end: End,
} as const
const FIRST_FILE_SYSTEM_NUMBER = 16

type ElementTypes = typeof FIRST & typeof FileSystemElements
export type ElementKind = keyof ElementTypes
export type ElementValue<K extends ElementKind> = SchemaValue<ElementTypes[K]>

/** ProfileElement ::= CHOICE { header [0] …, end [10] …, mf [16] …, opt-iot [33] … } (SAIP §8.1). */
export const ProfileElementTypes = Object.fromEntries([
  ...Object.entries(FIRST).map(([kind, schema], number) => [kind, numbered(number, schema as TaggedSchema<unknown>)]),
  ...Object.entries(FileSystemElements).map(([kind, schema], number) => [
    kind,
    numbered(FIRST_FILE_SYSTEM_NUMBER + number, schema),
  ]),
]) as unknown as { readonly [K in ElementKind]: TaggedSchema<ElementValue<K>> }

const kindByTag = new Map(
  Object.entries(ProfileElementTypes).map(([kind, schema]) => [schema.tag, kind as ElementKind]),
)
export const kindOfTag = (tag: number): ElementKind | undefined => kindByTag.get(tag)

export const isFileSystemKind = (kind: string): kind is FileSystemKind => kind in FileSystemElements

/** The field with the PEHeader; the profile header has none. */
const HEADER_FIELDS: Partial<Record<ElementKind, string>> = {
  genericFileManagement: 'gfm-header',
  pinCodes: 'pin-Header',
  pukCodes: 'puk-Header',
  akaParameter: 'aka-header',
  cdmaParameter: 'cdma-header',
  securityDomain: 'sd-Header',
  rfm: 'rfm-header',
  application: 'app-Header',
  nonStandard: 'nonStandard-header',
  end: 'end-header',
}
export const getPeHeader = (kind: ElementKind, value: unknown): PEHeader | undefined => {
  const field = isFileSystemKind(kind) ? getHeaderName(kind) : HEADER_FIELDS[kind]
  return field === undefined ? undefined : (value as Record<string, PEHeader>)[field]
}
