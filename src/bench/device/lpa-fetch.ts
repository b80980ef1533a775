import { equalBytes } from '../../asn1/bytes.ts'
import type { AddressBook } from '../../host/net/address-book.ts'
import { type OpenFetch, openFetch } from '../../host/net/open-fetch.ts'
import { readTrustedIssuers } from '../../lpa/card/euicc.ts'
import type { Isdr } from '../../lpa/card/isdr.ts'
import { rspServerTrust } from '../../lpa/server/server-trust.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'

/**
 * The Fetch of the LPA. It trusts those of the available CI certificates that the card lists. With `instead` (`--ca`),
 * it trusts the CAs of the user.
 */
export const openLpaFetch = async (
  isdr: Isdr,
  at: {
    addresses: AddressBook
    allowUnlistedHosts: boolean
    clock: () => Date
    /** The available CI certificates, DER. */
    certificates: readonly Uint8Array[]
    instead?: readonly Uint8Array[]
    subjectKeyIdOf: (certificate: Uint8Array) => Uint8Array | undefined
    /** True if a server can be an SM-DS, whose TLS certificate has another role. */
    asksSmds?: boolean
  },
): Promise<OpenFetch> => {
  const certificates = at.instead ?? at.certificates
  const ciPkIds = at.instead
    ? at.instead.flatMap(certificate => at.subjectKeyIdOf(certificate) ?? [])
    : await readTrustedIssuers(isdr)
  const { addresses, allowUnlistedHosts, clock } = at
  // A server with certificates on both curves sends the one for the first offered curve.
  const known = certificates.map(parseCertificate)
  const [favorite] = ciPkIds.flatMap(
    id => known.find(({ subjectKeyId }) => subjectKeyId !== undefined && equalBytes(subjectKeyId, id)) ?? [],
  )
  return openFetch({
    addresses,
    allowUnlistedHosts,
    check: rspServerTrust({ ciPkIds, certificates, clock, ...(at.asksSmds && { kind: 'either' }) }),
    ...(favorite && { prefer: favorite.curve }),
  })
}
