import { choice, defaulted, optional, sequenceOf } from '../../asn1/constructed.ts'
import { integer, namedInteger, octets } from '../../asn1/primitives.ts'
import type { SchemaValue } from '../../asn1/schema.ts'
import { automatic, numbered } from './automatic-tags.ts'
import { ApplicationIdentifier, PEHeader, UInt8 } from './file.ts'

/** SAIP §8.4.1.  One PIN: its key reference (TS 102 221 §9.5.1), value, PUK and counters. */
const PINConfiguration = automatic(
  {
    keyReference: integer(0, 255),
    pinValue: octets(8),
    unblockingPINReference: optional(integer(0, 255)),
    pinAttributes: defaulted(UInt8, 7),
    'maxNumOfAttemps-retryNumLeft': defaulted(UInt8, 0x33),
  },
  'PINConfiguration',
)
export type PINConfiguration = SchemaValue<typeof PINConfiguration>

/**
 * SAIP §8.4.1.  PE-PINCodes: the PINs of the directory created last, or the path of the directory whose PINs it shares.
 */
export const PinCodes = automatic(
  {
    'pin-Header': PEHeader,
    pinCodes: choice({
      pinconfig: numbered(0, sequenceOf(PINConfiguration, 'pinconfig')),
      filePath: numbered(1, octets(0, 8)),
    }),
  },
  'PE-PINCodes',
)
export type PinCodes = SchemaValue<typeof PinCodes>

/** SAIP §8.4.2.  One PUK; PINs reference it by its key reference. */
const PUKConfiguration = automatic(
  {
    keyReference: integer(0, 255),
    pukValue: octets(8),
    'maxNumOfAttemps-retryNumLeft': defaulted(UInt8, 0xaa),
  },
  'PUKConfiguration',
)
export type PUKConfiguration = SchemaValue<typeof PUKConfiguration>

/** SAIP §8.4.2.  PE-PUKCodes: all PUKs of the profile. */
export const PukCodes = automatic(
  { 'puk-Header': PEHeader, pukCodes: sequenceOf(PUKConfiguration, 'pukCodes') },
  'PE-PUKCodes',
)
export type PukCodes = SchemaValue<typeof PukCodes>

/** SAIP §8.5.  MappingParameter: the NAA uses the algorithm of another NAA, identified by its AID. */
const MappingParameter = automatic(
  { mappingOptions: octets(1), mappingSource: ApplicationIdentifier },
  'MappingParameter',
)

/** c1..c5 of Milenage: zero, then 1, 2, 4, 8 (TS 35.206 §4.1). */
const XORINGS = Uint8Array.from({ length: 80 }, (_, i) => (i % 16 === 15 && i > 16 ? 1 << (i / 16 - 1) : 0))

/** SAIP §8.5.  AlgoParameter: Milenage, TUAK or the USIM test algorithm, with its key and constants. */
const AlgoParameter = automatic(
  {
    algorithmID: namedInteger({ milenage: 1, tuak: 2, 'usim-test-algorithm': 3 }),
    algorithmOptions: octets(1),
    key: octets(),
    opc: octets(),
    rotationConstants: defaulted(octets(5), Uint8Array.of(0x40, 0x00, 0x20, 0x40, 0x60)),
    xoringConstants: defaulted(octets(80), XORINGS),
    authCounterMax: optional(octets(3)),
    numberOfKeccak: defaulted(UInt8, 1),
  },
  'AlgoParameter',
)
export type AlgoParameter = SchemaValue<typeof AlgoParameter>

const DELTA = Uint8Array.of(0, 0, 0x10, 0, 0, 0)
const ZERO_SQNS: readonly Uint8Array[] = Array.from({ length: 32 }, () => new Uint8Array(6))

/** SAIP §8.5.  PE-AKAParameter: authentication of the NAA created before it. */
export const AkaParameter = automatic(
  {
    'aka-header': PEHeader,
    algoConfiguration: choice({
      mappingParameter: numbered(0, MappingParameter),
      algoParameter: numbered(1, AlgoParameter),
    }),
    sqnOptions: defaulted(octets(1), Uint8Array.of(2)),
    sqnDelta: defaulted(octets(6), DELTA),
    sqnAgeLimit: defaulted(octets(6), DELTA.slice()),
    sqnInit: defaulted(sequenceOf(octets(6), 'sqnInit'), ZERO_SQNS),
  },
  'PE-AKAParameter',
)
export type AkaParameter = SchemaValue<typeof AkaParameter>

/** SAIP §8.5.2.  PE-CDMAParameter: keys of CAVE and of CDMA data services. */
export const CdmaParameter = automatic(
  {
    'cdma-header': PEHeader,
    authenticationKey: octets(8),
    ssd: optional(octets(16)),
    hrpdAccessAuthenticationData: optional(octets(2, 32)),
    simpleIPAuthenticationData: optional(octets(3, 483)),
    mobileIPAuthenticationData: optional(octets(5, 957)),
  },
  'PE-CDMAParameter',
)
