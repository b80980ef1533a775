import { X509Certificate } from 'node:crypto'
import { toHex } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import type { CurveIdentity } from '../../host/net/curves-server.ts'
import { ownCertificates, readAllCertificates } from '../../host/pki/card-pki.ts'
import { serverIdentity } from '../../host/pki/web-pki.ts'
import type { Pki } from '../../rsp/certificates/pki-folder.ts'
import { issueTls } from '../../rsp/certificates/test-pki.ts'
import type { Random } from './stock-copies.ts'

/** The certificates of one server, one set for each curve, and its host name. */
export interface StandalonePki {
  readonly host: string
  readonly sets: readonly Pki[]
}

const sameHost = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/**
 * Reads the certificates of the server `host`, by default the name in them. Issues a TLS certificate for another name
 * if the key of the CI is available, as in a test PKI.
 */
export const openStandalonePki = (at: {
  readonly host: string | undefined
  readonly certs: string | undefined
  readonly homePki: string
  readonly random: Random
  readonly now: Date
}): StandalonePki => {
  const { certs, homePki, random, now } = at
  const context = { random, now }
  const sets =
    certs === undefined
      ? (['nist', 'brainpool'] as const).map(curve => ownCertificates(homePki, curve, context))
      : readAllCertificates(certs, context)
  const host = at.host ?? sets[0]!.dpTls.certificate.dnsNames[0]!
  return { host, sets: sets.map(set => withHost(set, host, context)) }
}

const withHost = (set: Pki, host: string, context: { random: Random; now: Date }): Pki => {
  const { dnsNames } = set.dpTls.certificate
  if (dnsNames.some(name => sameHost(name, host))) return set
  if (set.ci.privateKey === undefined)
    throw new BenchError(
      'certificates',
      `the TLS certificate (${set.curve}) is for ${dnsNames.join(', ')}, not for ${host}, and the key of its CI is not ` +
        'at hand to issue another; give --host the name of the certificate',
    )
  const registeredId = set.dpTls.certificate.registeredId
  return { ...set, dpTls: issueTls(set.ci, { ...context, dnsNames: [host], ...(registeredId && { registeredId }) }) }
}

export const ciKeyIdOf = (set: Pki): string => toHex(set.ci.certificate.subjectKeyId!)

export const tlsIdentities = ({ host, sets }: StandalonePki): CurveIdentity[] =>
  sets.map(set => ({ ...serverIdentity(set.dpTls), ciKeyId: ciKeyIdOf(set), host }))

/** The CA certificates of a PEM file, or the one of a DER file. */
export const readAuthorities = (bytes: Uint8Array, file: string): X509Certificate[] => {
  const blocks = Buffer.from(bytes)
    .toString('latin1')
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  try {
    return blocks === null ? [new X509Certificate(bytes)] : blocks.map(block => new X509Certificate(block))
  } catch (error) {
    throw new BenchError('certificates', `${file} holds no certificate in PEM or DER form`, { cause: error })
  }
}
