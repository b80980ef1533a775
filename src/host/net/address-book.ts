/**
 * Which host is served where. The names of the architecture's parts are names of nowhere (`.example`); the bench
 * serves them on ports of this machine, and whoever it gives its address book to finds them there.
 */
export interface Address {
  readonly host: string
  readonly port: number
}

export interface AddressBook {
  /** From now on `host` is found on this port of 127.0.0.1. */
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
