import { choice, defaulted, optional, sequence, sequenceOf } from '../../asn1/constructed.ts'
import { integer, nothing, octets } from '../../asn1/primitives.ts'
import { type SchemaValue, tagged } from '../../asn1/schema.ts'
import { automatic, numbered } from './automatic-tags.ts'

/** SAIP §8.1.  PEHeader ::= SEQUENCE { mandated NULL OPTIONAL, identification UInt15 } */
export const PEHeader = automatic({ mandated: optional(nothing()), identification: integer(0, 32767) }, 'PEHeader')
export type PEHeader = SchemaValue<typeof PEHeader>

export const ApplicationIdentifier = octets(5, 16)
export const UInt8 = integer(0, 255)
export const UInt16 = integer(0, 65535)

/** SAIP §8.3.1.  The proprietary part of the FCP (TS 102 222 §6.3.2.2.2); tags in the private class. */
const ProprietaryInfo = sequence(
  {
    specialFileInformation: defaulted(tagged(0xc0, octets(1)), Uint8Array.of(0)),
    fillPattern: optional(tagged(0xc1, octets(1, 200))),
    repeatPattern: optional(tagged(0xc2, octets(1, 200))),
    maximumFileSize: optional(tagged(0x86, octets())),
    fileDetails: defaulted(tagged(0x84, octets(1)), Uint8Array.of(1)),
  },
  'ProprietaryInfo',
)

/**
 * SAIP §8.3.1.  Fcp: the parameters of CREATE FILE (TS 102 222), with a link path, and a temporary fileID for an ADF.
 */
export const Fcp = sequence(
  {
    fileDescriptor: optional(tagged(0x82, octets(2, 4))),
    fileID: optional(tagged(0x83, octets(2))),
    dfName: optional(tagged(0x84, ApplicationIdentifier)),
    lcsi: defaulted(tagged(0x8a, octets(1)), Uint8Array.of(5)),
    securityAttributesReferenced: optional(tagged(0x8b, octets(1, 3))),
    efFileSize: optional(tagged(0x80, octets())),
    pinStatusTemplateDO: optional(tagged(0xc6, octets())),
    shortEFID: optional(tagged(0x88, octets(0, 1))),
    proprietaryEFInfo: optional(tagged(0xa5, ProprietaryInfo)),
    linkPath: optional(tagged(0xc7, octets(0, 8))),
  },
  'Fcp',
)
export type Fcp = SchemaValue<typeof Fcp>

/** SAIP §8.3.2.  File ::= SEQUENCE OF CHOICE { doNotCreate, fileDescriptor, fillFileOffset, fillFileContent } */
export const File = sequenceOf(
  choice(
    {
      doNotCreate: numbered(0, nothing()),
      fileDescriptor: numbered(1, Fcp),
      fillFileOffset: numbered(2, UInt16),
      fillFileContent: numbered(3, octets()),
    },
    'File command',
  ),
  'File',
)
export type File = SchemaValue<typeof File>

/** SAIP §8.3.5.  FileManagement: selects directories, creates and fills files. Only some of its tags are automatic. */
const FileManagement = sequenceOf(
  choice(
    {
      filePath: tagged(0x80, octets(0, 8)),
      createFCP: tagged(0x62, Fcp),
      fillFileOffset: UInt16,
      fillFileContent: tagged(0x81, octets()),
    },
    'FileManagement command',
  ),
  'FileManagement',
)
export type FileManagement = SchemaValue<typeof FileManagement>

/** SAIP §8.3.5.  PE-GenericFileManagement */
export const GenericFileManagement = automatic(
  { 'gfm-header': PEHeader, fileManagementCMD: sequenceOf(FileManagement) },
  'PE-GenericFileManagement',
)
