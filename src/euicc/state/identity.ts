import type { KeyObject } from 'node:crypto'
import { equalBytes, fromHex, toHex } from '../../asn1/bytes.ts'
import type { SchemaValue } from '../../asn1/schema.ts'
import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { Pki } from '../../rsp/certificates/pki-folder.ts'
import { getPoint } from '../../rsp/crypto/curve.ts'
import type { RspCapability, UICCCapability } from '../../rsp/euicc-info.ts'
import type { ES10b } from '../../rsp/interfaces/es10b.ts'
import { EuiccError } from '../error.ts'

/** The data of the card for one CI: trust anchor and signing key. */
export interface EuiccCredential {
  readonly ci: RspCertificate
  readonly eum: RspCertificate
  readonly euicc: RspCertificate
  readonly euiccPrivateKey: KeyObject
}

/** The subject key id of the CI: the identifier of a credential in ES10. */
export const getCiPKId = ({ ci }: EuiccCredential): Uint8Array => ci.subjectKeyId!

type RulesAuthorisationTable = SchemaValue<(typeof ES10b)['GetRAT']['response']>['rat']

/** The capabilities of the card (EUICCInfo2, SGP.22 §5.7.8). Versions have three bytes. */
export interface Capabilities {
  readonly svn: Uint8Array
  readonly profileVersion: Uint8Array
  readonly firmwareVersion: Uint8Array
  readonly ts102241Version: Uint8Array
  readonly globalplatformVersion: Uint8Array
  readonly ppVersion: Uint8Array
  readonly uicc: UICCCapability
  readonly rsp: RspCapability
  readonly sasAccreditationNumber: string
  readonly forbiddenProfilePolicyRules: readonly ('ppr1' | 'ppr2')[]
  /** Memory for profiles, notifications and revocation lists, in bytes. */
  readonly nonVolatileMemory: number
  readonly volatileMemory: number
}

/** The data that is set in production and never changes. */
export interface EuiccIdentity {
  /** 16 bytes. */
  readonly eid: Uint8Array
  /** In order of preference; at least one, on either curve. */
  readonly credentials: readonly EuiccCredential[]
  readonly defaultDpAddress?: string | undefined
  readonly rootDsAddress: string
  readonly rulesAuthorisationTable: RulesAuthorisationTable
  readonly capabilities: Capabilities
}

/**
 * The accreditation number of every software eUICC in EUICCInfo2, signed in each session; the GSMA issues none like it.
 * Its EID may be that of a real card, as the SGP.26 test cards share one.
 */
const SOFTWARE_ACCREDITATION = 'ESIM-BENCH-SW-'
export const isSoftwareAccreditation = (sasAccreditationNumber: string): boolean =>
  sasAccreditationNumber.startsWith(SOFTWARE_ACCREDITATION)

const version = (...numbers: [number, number, number]) => Uint8Array.from(numbers)

/**
 * The capabilities that `SUPPORTED_SERVICES` of the profile module implements, as EUICCInfo2: version 2.5, one
 * megabyte, test profiles and revocation lists.
 */
const ORDINARY_CAPABILITIES: Capabilities = {
  svn: version(2, 5, 0),
  profileVersion: version(2, 3, 1),
  firmwareVersion: version(0, 1, 0),
  ts102241Version: version(9, 2, 0),
  globalplatformVersion: version(2, 3, 0),
  ppVersion: version(1, 0, 0),
  uicc: [
    'usimSupport',
    'isimSupport',
    'csimSupport',
    'akaMilenage',
    'akaTuak128',
    'akaTuak256',
    'usimTestAlgorithm',
    'javacard',
    'multipleUsimSupport',
    'multipleIsimSupport',
    'multipleCsimSupport',
    'berTlvFileSupport',
    'dfLinkSupport',
    'getIdentity',
    'profile-a-x25519',
    'profile-b-p256',
  ],
  rsp: [
    'additionalProfile',
    'crlSupport',
    'testProfileSupport',
    'deviceInfoExtensibilitySupport',
    'serviceSpecificDataSupport',
  ],
  sasAccreditationNumber: `${SOFTWARE_ACCREDITATION}0000`,
  forbiddenProfilePolicyRules: [],
  nonVolatileMemory: 1 << 20,
  volatileMemory: 1 << 16,
}

/** PPR1 and PPR2 for all operators, with the user's consent (SGP.22 §2.9.3.1: `EEEEEE` without a GID matches all). */
const RULES_FOR_ANYONE: RulesAuthorisationTable = [
  {
    pprIds: ['ppr1', 'ppr2'],
    allowedOperators: [{ mccMnc: Uint8Array.of(0xee, 0xee, 0xee) }],
    pprFlags: ['consentRequired'],
  },
]

export const checkCardIdentity = ({ eid, credentials }: EuiccIdentity): void => {
  const refuse = (detail: string): never => {
    throw new EuiccError('bad-identity', detail)
  }
  if (eid.length !== 16) refuse(`an EID has 16 bytes, not ${eid.length}`)
  if (credentials.length === 0) refuse('a card needs at least one eUICC certificate')
  for (const { ci, euicc, euiccPrivateKey } of credentials) {
    if (ci.subjectKeyId === undefined) refuse(`the CI certificate of ${ci.subject} has no subject key identifier`)
    if (euicc.eid !== toHex(eid)) refuse(`the eUICC certificate is of ${euicc.eid}, the card is ${toHex(eid)}`)
    if (!equalBytes(getPoint(euiccPrivateKey), getPoint(euicc.publicKey)))
      refuse(`the private key is not that of the eUICC certificate under ${ci.subject}`)
  }
  if (new Set(credentials.map(credential => toHex(getCiPKId(credential)))).size < credentials.length)
    refuse('two eUICC certificates of the card lead to the same CI key')
}

export const findCredential = ({ credentials }: EuiccIdentity, ciPKId: Uint8Array): EuiccCredential | undefined =>
  credentials.find(credential => equalBytes(getCiPKId(credential), ciPKId))

/** The card data of a PKI, for one of its curves. */
const toEuiccCredential = ({ ci, eum, euicc }: Pki): EuiccCredential => ({
  ci: ci.certificate,
  eum: eum.certificate,
  euicc: euicc.certificate,
  euiccPrivateKey: euicc.privateKey,
})

/** A card with the EID of its certificates that trusts their CIs, with default capabilities. */
export const createDefaultIdentity = (
  pkis: readonly Pki[],
  { rootDsAddress, defaultDpAddress }: Pick<EuiccIdentity, 'rootDsAddress' | 'defaultDpAddress'>,
): EuiccIdentity => ({
  eid: fromHex(pkis[0]?.euicc.certificate.eid ?? ''),
  credentials: pkis.map(toEuiccCredential),
  rootDsAddress,
  ...(defaultDpAddress === undefined ? {} : { defaultDpAddress }),
  rulesAuthorisationTable: RULES_FOR_ANYONE,
  capabilities: ORDINARY_CAPABILITIES,
})
