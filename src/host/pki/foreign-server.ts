import { X509Certificate } from 'node:crypto'
import type { CheckServer } from '../net/open-fetch.ts'

/** The longest chain that is followed: a server and three CAs between it and the one that was given. */
const MAX_LINKS = 4

/** What is asked of a server under somebody else's CAs: a chain to one of them, valid today, and its name. */
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

/** From the server up to the one that an authority has issued; undefined: it leads to none of them. */
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
