import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { type Credential, issueCertificate } from '../../rsp/certificates/issue.ts'
import { type IssuingContext, issueTls } from '../../rsp/certificates/test-pki.ts'
import { drawScalar, privateKeyFromScalar } from '../../rsp/crypto/curve.ts'
import type { CheckServer } from '../net/open-fetch.ts'
import type { ServerIdentity } from '../net/tls-server.ts'
import { writeWhole } from './card-pki.ts'

/** The CA of every server except ES9+: portal, service, operator API, ES2+. */
export interface WebPki {
  readonly ca: RspCertificate
  /** A certificate for a server, also as a client of another server. */
  issue(host: string): Credential
}

const encodePem = (credential: Credential): { certificate: string; key: string } => ({
  certificate: new X509Certificate(credential.certificate.der).toString(),
  key: credential.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
})

export const serverIdentity = (credential: Credential): ServerIdentity => ({
  ...encodePem(credential),
  curve: credential.certificate.curve,
})

const makeCa = ({ random, now }: IssuingContext): Credential => {
  const privateKey = privateKeyFromScalar('P-256', drawScalar('P-256', random))
  const inTenYears = new Date(now)
  inTenYears.setUTCFullYear(now.getUTCFullYear() + 10)
  const certificate = issueCertificate({
    kind: 'CI',
    subject: { commonName: 'esim-bench web CA', organization: 'esim-bench' },
    key: privateKey,
    random,
    registeredId: '2.999.900',
    notBefore: new Date(now.getTime() - 3_600_000),
    notAfter: inTenYears,
  })
  return { certificate, privateKey }
}

const readCa = (folder: string): Credential => ({
  certificate: parseCertificate(new Uint8Array(readFileSync(join(folder, 'ca.der')))),
  privateKey: createPrivateKey(readFileSync(join(folder, 'ca.pem'))),
})

const isSameKey = (a: KeyObject, b: KeyObject): boolean => createPublicKey(a).equals(b)

/** The web CA of this state folder. Certificates under it are issued again at each start. */
export const openWebPki = (homePki: string, context: IssuingContext): WebPki => {
  const folder = join(homePki, 'web')
  if (!existsSync(folder)) {
    const made = makeCa(context)
    const key = made.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
    writeWhole(
      folder,
      new Map([
        ['ca.der', made.certificate.der],
        ['ca.pem', new TextEncoder().encode(key)],
      ]),
    )
  }
  const ca = readCa(folder)
  if (!isSameKey(ca.privateKey, ca.certificate.publicKey))
    throw new CertificateError('bad-signature', `${folder}: ca.pem is not the key of ca.der; remove the folder`)
  return {
    ca: ca.certificate,
    issue: host => issueTls(ca, { ...context, dnsNames: [host], registeredId: '2.999.901' }),
  }
}

/** The check of every client in the bench except the LPA: the server is under the web CA and has this name. */
export const checkWebServer =
  (ca: RspCertificate, clock: () => Date): CheckServer =>
  (certificates, host) => {
    const chain = certificates.map(parseCertificate)
    verifyChain({ kind: 'DPtls', chain: withoutAnchor(chain, ca), trustAnchors: [ca], now: clock() })
    const names = chain[0]!.dnsNames
    if (!names.some(name => name.toLowerCase() === host.toLowerCase()))
      throw new CertificateError(
        'wrong-names',
        `its certificate is for ${names.join(', ') || 'no host'}, not for ${host}`,
      )
  }

const withoutAnchor = (chain: readonly RspCertificate[], ca: RspCertificate): RspCertificate[] =>
  chain.filter(certificate => Buffer.compare(certificate.der, ca.der) !== 0)
