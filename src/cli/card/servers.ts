import { openLpaFetch } from '../../bench/device/lpa-fetch.ts'
import { createAddressBook } from '../../host/net/address-book.ts'
import { readCertificateFile } from '../../host/pki/ci-folder.ts'
import type { Isdr } from '../../lpa/card/isdr.ts'
import { parseCertificate } from '../../rsp/certificates/certificate.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import { readInput } from '../options.ts'
import type { SmdsOptions } from './card-options.ts'
import type { CardWork } from './with-card.ts'

const getSubjectKeyId = (der: Uint8Array): Uint8Array | undefined => parseCertificate(der).subjectKeyId

/** Reads the certificates of a `--ca` file, DER. */
export const readCa = (path: string): Uint8Array[] => readCertificateFile(path, readInput(path, 'CA file'))

/** Opens the fetch of the LPA during `work`. `--connect-to` gives the address of all `hosts`. */
export const withServers = async <T>(
  at: CardWork,
  isdr: Isdr,
  hosts: readonly string[],
  work: (fetch: Fetch) => Promise<T>,
  /** The SM-DS, if `work` calls one. */
  smds?: string,
): Promise<T> => {
  const { connectTo, smdsAt, ca } = at.options as SmdsOptions
  const addresses = new Map(connectTo ? hosts.map(host => [toHost(host), connectTo]) : [])
  if (smds !== undefined && smdsAt) addresses.set(toHost(smds), smdsAt)
  const opened = await openLpaFetch(isdr, {
    addresses: createAddressBook(addresses),
    allowUnlistedHosts: true,
    clock: at.runtime.clock,
    certificates: at.workplace.ciCertificates(),
    ...(ca === undefined ? {} : { instead: readCa(ca) }),
    subjectKeyIdOf: getSubjectKeyId,
    asksSmds: smds !== undefined,
  })
  try {
    return await work(opened.fetch)
  } finally {
    await opened.close()
  }
}

/** Removes the port, and spaces, which some profiles contain around the address. */
const toHost = (address: string): string => address.trim().toLowerCase().replace(/:\d+$/, '')
