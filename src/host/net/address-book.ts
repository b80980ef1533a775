/**
 * The TCP address of each host. The servers of the bench have `.example` names (RFC 2606), which no name server knows;
 * clients with this address book find them on ports of this machine.
 */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface AddressBook {
  /** From the call on, `host` is found on this port of 127.0.0.1. */
  serve(host: string, port: number): void
  find(host: string): Address | undefined
}

export const createAddressBook = (entries: ReadonlyMap<string, Address> = new Map()): AddressBook => {
  const addresses = new Map([...entries].map(([host, address]) => [host.toLowerCase(), address]))
  return {
    serve: (host, port) => void addresses.set(host.toLowerCase(), { host: '127.0.0.1', port }),
    find: host => addresses.get(host.toLowerCase()),
  }
}
