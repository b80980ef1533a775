import { openLpaFetch } from '../../bench/device/lpa-fetch.ts'
import { type Address, createAddressBook } from '../../host/net/address-book.ts'
import { readCertificateFile } from '../../host/pki/ci-folder.ts'
import type { Isdr } from '../../lpa/card/isdr.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import { type CardOptions, readInput } from '../options.ts'
import type { CardWork } from './with-card.ts'

export interface ServerOptions extends CardOptions {
  readonly connectTo?: Address
  readonly smdsAt?: Address
  readonly ca?: string
}

const subjectKeyIdOf = (der: Uint8Array): Uint8Array | undefined => parseCertificate(der).subjectKeyId

/** One or more certificates of a file. */
export const readCa = (path: string): Uint8Array[] => readCertificateFile(path, readInput(path, 'CA file'))

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
    allowUnlistedHosts: true,
    clock: at.runtime.clock,
    certificates: at.workplace.ciCertificates(),
    ...(ca === undefined ? {} : { instead: readCa(ca) }),
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
