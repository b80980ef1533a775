import { X509Certificate } from 'node:crypto'
import type { CheckServer } from '../net/open-fetch.ts'

/** The longest accepted chain: a server and three CAs below the given one. */
const MAX_LINKS = 4

/** Checks a server under CAs of another party: a chain to one of them, the validity dates and the name. */
export const checkForeignServer =
  (authorities: readonly X509Certificate[], clock: () => Date): CheckServer =>
  (chain, host) => {
    const [server, ...others] = chain.map(der => new X509Certificate(der))
    const links = server && findLinks(server, others, authorities)
    if (links === undefined) throw new Error('it is not of the CA that was given')
    const now = clock()
    for (const { validFrom, validTo } of links)
      if (now < new Date(validFrom) || now > new Date(validTo)) throw new Error('its certificate is not valid today')
    if (server!.checkHost(host) === undefined) throw new Error(`its certificate is not for ${host}`)
  }

/** The chain from the server to the certificate that an authority issued; undefined if no chain exists. */
const findLinks = (
  server: X509Certificate,
  others: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): readonly X509Certificate[] | undefined => {
  const links = [server]
  while (links.length <= MAX_LINKS) {
    const top = links.at(-1)!
    if (authorities.some(authority => isIssuedBy(top, authority))) return links
    const next = others.find(other => other.ca && !links.includes(other) && isIssuedBy(top, other))
    if (next === undefined) return undefined
    links.push(next)
  }
  return undefined
}

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
