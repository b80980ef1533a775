import type { SubscriberRecord } from '../server/network/network.ts'

/** The subscribers of the network. The keys stay inside the algorithm of each record. */
export interface SubscriberRegister {
  add(record: SubscriberRecord): void
  readonly find: (imsi: string) => SubscriberRecord | undefined
}

export const createSubscriberRegister = (): SubscriberRegister => {
  const byImsi = new Map<string, SubscriberRecord>()
  return { add: record => void byImsi.set(record.imsi, record), find: imsi => byImsi.get(imsi) }
}
