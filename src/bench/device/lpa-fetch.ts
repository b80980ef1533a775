import { equalBytes } from '../../asn1/bytes.ts'
import type { AddressBook } from '../../host/net/address-book.ts'
import { type OpenFetch, openFetch } from '../../host/net/open-fetch.ts'
import { readTrustedIssuers } from '../../lpa/card/euicc.ts'
import type { Isdr } from '../../lpa/card/isdr.ts'
import { rspServerTrust } from '../../lpa/server/server-trust.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'

/**
 * The LPA's way to servers: the trust is the card's own list of CIs, of which the certificates at hand are used. With
 * `instead`, the certificates of `--ca`, a person has taken the decision from the card.
 */
export const openLpaFetch = async (
  isdr: Isdr,
  at: {
    addresses: AddressBook
    allowUnlistedHosts: boolean
    clock: () => Date
    /** CI certificates at hand, DER. */
    certificates: readonly Uint8Array[]
    instead?: readonly Uint8Array[]
    subjectKeyIdOf: (certificate: Uint8Array) => Uint8Array | undefined
    /** An SM-DS may be among the servers: its TLS certificate has another role. */
    asksSmds?: boolean
  },
): Promise<OpenFetch> => {
  const certificates = at.instead ?? at.certificates
  const ciPkIds = at.instead
    ? at.instead.flatMap(certificate => at.subjectKeyIdOf(certificate) ?? [])
    : await readTrustedIssuers(isdr)
  const { addresses, allowUnlistedHosts, clock } = at
  // A server that has a certificate of each curve shows the one that it is asked for first.
  const known = certificates.map(parseCertificate)
  const [favourite] = ciPkIds.flatMap(
    id => known.find(({ subjectKeyId }) => subjectKeyId !== undefined && equalBytes(subjectKeyId, id)) ?? [],
  )
  return openFetch({
    addresses,
    allowUnlistedHosts,
    check: rspServerTrust({ ciPkIds, certificates, clock, ...(at.asksSmds && { kind: 'either' }) }),
    ...(favourite && { prefer: favourite.curve }),
  })
}
