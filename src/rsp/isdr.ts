import { fromHex } from '../asn1/bytes.ts'
import { optional, sequence } from '../asn1/constructed.ts'
import { bits } from '../asn1/primitives.ts'
import { type SchemaValue, tagged } from '../asn1/schema.ts'
import { VersionType } from './identifiers.ts'

/** SGP.02 Annex H, referenced by SGP.22: the AIDs of the security domains of the eUICC. */
export const ISD_R_AID = fromHex('A0000005591010FFFFFFFF8900000100')
export const ECASD_AID = fromHex('A0000005591010FFFFFFFF8900000200')

/** SGP.22 §5.7.1. ISDRProprietaryApplicationTemplate ::= [PRIVATE 0] SEQUENCE { svn [2], lpaeSupport OPTIONAL }, in the FCI of the ISD-R. */
export const ISDRProprietaryApplicationTemplate = tagged(
  0xe0,
  sequence(
    { svn: tagged(0x82, VersionType), lpaeSupport: optional(bits('lpaeUsingCat', 'lpaeUsingScws')) },
    'ISDRProprietaryApplicationTemplate',
  ),
)
export type ISDRProprietaryApplicationTemplate = SchemaValue<typeof ISDRProprietaryApplicationTemplate>
