import type { SubscriberRecord } from '../server/network/network.ts'

/** Who the network knows. The keys stay inside each record's algorithm. */
export interface SubscriberRegister {
  add(record: SubscriberRecord): void
  readonly find: (imsi: string) => SubscriberRecord | undefined
}

export const createSubscriberRegister = (): SubscriberRegister => {
  const byImsi = new Map<string, SubscriberRecord>()
  return { add: record => void byImsi.set(record.imsi, record), find: imsi => byImsi.get(imsi) }
}
