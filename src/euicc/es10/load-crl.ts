import { equalBytes, toHex } from '../../asn1/bytes.ts'
import { encodeTlv, getContent, getElementBytes, readOnlyTlv } from '../../asn1/tlv.ts'
import { type Crl, isCrlSignedBy, parseCrl } from '../../rsp/certificates/crl.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import type { ES10b } from '../../rsp/interfaces/es10b.ts'
import type { Es10Handlers } from '../commands/answer.ts'
import { getCiPKId } from '../state/identity.ts'
import type { CardState } from '../state/state.ts'
import { getFreeMemory } from './euicc-info.ts'

/** SGP.22 §5.7.12. */
export const loadCrlAnswers: Es10Handlers<Pick<typeof ES10b, 'LoadCRL'>> = {
  LoadCRL: ({ crl: element }, { state, identity }) => {
    const crl = readCrl(element)
    if (crl === undefined) return { response: { loadCRLResponseError: 'invalidCRLFormat' } }
    const credential = identity.credentials.find(
      ({ ci }) =>
        ci.subject === crl.issuer &&
        (crl.authorityKeyId === undefined || equalBytes(crl.authorityKeyId, ci.subjectKeyId!)),
    )
    if (credential === undefined) return { response: { loadCRLResponseError: 'verificationKeyNotFound' } }
    if (!isCrlSignedBy(crl, credential.ci)) return { response: { loadCRLResponseError: 'invalidSignature' } }

    const ci = toHex(getCiPKId(credential))
    const held = [...state.crls].filter(([key]) => key.split('-')[0] === ci)
    if (held.some(([, known]) => isFresher(known, crl)))
      return { response: { loadCRLResponseError: 'fresherCrlAlreadyLoaded' } }
    // Parts of one list are stored together; older lists are removed.
    const replaced = held.filter(([, known]) => known.part?.number === crl.part?.number || isFresher(crl, known))
    const freed = replaced.reduce((sum, [, { der }]) => sum + der.length, 0)
    if (crl.der.length > getFreeMemory(state, identity) + freed)
      return { response: { loadCRLResponseError: 'notEnoughMemorySpace' } }
    const crls = new Map(state.crls)
    for (const [key] of replaced) crls.delete(key)
    crls.set(crl.part === undefined ? ci : `${ci}-${crl.part.number}`, crl)
    const missingParts = missing(
      crl,
      [...crls.values()].filter(known => isCrlSignedBy(known, credential.ci)),
    )
    return {
      response: { loadCRLResponseOk: missingParts.length > 0 ? { missingParts } : {} },
      state: { ...state, crls } satisfies CardState,
    }
  },
}

/** AUTOMATIC TAGS replaces the SEQUENCE tag of CertificateList by [0]; some servers send both. */
const readCrl = (element: Uint8Array): Crl | undefined => {
  try {
    const content = getContent(readOnlyTlv(element))
    return parseCrl(isWrapped(content) ? getElementBytes(readOnlyTlv(content)) : encodeTlv(0x30, content))
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return undefined
  }
}

/** tbsCertList is the first of three components; a list that fills the content alone is complete. */
const isWrapped = (content: Uint8Array): boolean => {
  try {
    return readOnlyTlv(content).tag === 0x30
  } catch {
    return false
  }
}

const isFresher = (a: Crl, b: Crl): boolean => a.thisUpdate > b.thisUpdate

const missing = ({ part }: Crl, held: readonly Crl[]): readonly number[] => {
  if (part === undefined) return []
  const present = held.map(known => known.part?.number)
  return Array.from({ length: part.total }, (_, index) => index + 1).filter(number => !present.includes(number))
}
