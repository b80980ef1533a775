import { X509Certificate } from 'node:crypto'
import type { Isdr } from '../../../lpa/isdr.ts'
import { parseCertificate } from '../../../rsp/certificates/certificate.ts'
import type { Fetch } from '../../../rsp/fetch.ts'
import { BenchError } from '../../error.ts'
import { type Address, createAddressBook } from '../../net/address-book.ts'
import { openLpaFetch } from '../../net/lpa-fetch.ts'
import { type CardOptions, readInput } from '../options.ts'
import type { CardWork } from './at-card.ts'

export interface ServerOptions extends CardOptions {
  readonly connectTo?: Address
  readonly smdsAt?: Address
  readonly ca?: string
}

const subjectKeyIdOf = (der: Uint8Array): Uint8Array | undefined => parseCertificate(der).subjectKeyId

/** One or more certificates of a PEM file. */
export const readPem = (path: string): Uint8Array[] => {
  const text = Buffer.from(readInput(path, 'CA file')).toString('latin1')
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!blocks) throw new BenchError('certificates', `${path} holds no certificate in PEM form`)
  try {
    return blocks.map(block => new Uint8Array(new X509Certificate(block).raw))
  } catch (error) {
    throw new BenchError('certificates', `${path} holds a certificate that cannot be read`, { cause: error })
  }
}

/** The LPA's fetch for servers out there; with `--connect-to`, all of `hosts` are at that place. */
export const withServers = async <T>(
  at: CardWork,
  isdr: Isdr,
  hosts: readonly string[],
  work: (fetch: Fetch) => Promise<T>,
  /** The SM-DS that is asked, where one is. */
  smds?: string,
): Promise<T> => {
  const { connectTo, smdsAt, ca } = at.options as ServerOptions
  const places = new Map(connectTo ? hosts.map(host => [hostOf(host), connectTo]) : [])
  if (smds !== undefined && smdsAt) places.set(hostOf(smds), smdsAt)
  const opened = await openLpaFetch(isdr, {
    addresses: createAddressBook(places),
    openWorld: true,
    clock: at.world.clock,
    certificates: [at.workplace.pki.ci.certificate.der],
    ...(ca === undefined ? {} : { instead: readPem(ca) }),
    subjectKeyIdOf,
    asksSmds: smds !== undefined,
  })
  try {
    return await work(opened.fetch)
  } finally {
    await opened.close()
  }
}

/** Without the port, and without the blanks that profiles in the field have around it. */
const hostOf = (address: string): string => address.trim().toLowerCase().replace(/:\d+$/, '')
