import { BenchError } from '../host/error.ts'
import { buildProfilePackage } from '../profile/build.ts'
import { luhnDigit } from '../profile/digits.ts'
import { ProfileError } from '../profile/error.ts'
import { decodeProfilePackage, encodeProfilePackage, type ProfilePackage } from '../profile/package.ts'
import { getProfileSubscriber, type Subscriber } from '../profile/subscriber.ts'
import { advance } from '../server/smdp/order.ts'
import type { SmdpServer } from '../server/smdp/smdp.ts'
import type { SmdpStore } from '../server/smdp/store.ts'
import { OPERATOR } from './hosts.ts'
import type { SubscriberRegister } from './subscribers.ts'

/** The profile type that the operator's plans order. */
const PROFILE_TYPE = 'bench-usim'

/** A profile that a run downloads, with its subscriber. */
export interface Supply {
  readonly subscriber: Subscriber
  readonly package: Uint8Array
  readonly profileName: string
}

const digits = (random: (length: number) => Uint8Array, count: number): string =>
  [...random(count)].map(octet => octet % 10).join('')

/** A generated profile with a new identity and new keys. */
export const makeSupply = (random: (length: number) => Uint8Array): Supply => {
  const front = `${OPERATOR.iccidPrefix}${digits(random, 11)}`
  const built = buildProfilePackage({
    iccid: front + luhnDigit(front),
    imsi: OPERATOR.plmn + digits(random, 10),
    algorithm: { name: 'milenage', k: random(16), opc: random(16) },
    serviceProviderName: OPERATOR.name,
    msisdn: `+49155500${digits(random, 6)}`,
    random,
  })
  return {
    subscriber: getProfileSubscriber(built),
    package: encodeProfilePackage(built),
    profileName: 'Bench Mobile data',
  }
}

/** A profile from a file. The network register gets the subscriber's keys from it. */
export const readSupply = (bytes: Uint8Array, file: string): Supply => {
  try {
    const read: ProfilePackage = decodeProfilePackage(bytes)
    const name = file.split(/[/\\]/).at(-1)!
    return { subscriber: getProfileSubscriber(read), package: bytes, profileName: name.slice(0, 64) }
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error
    throw new BenchError('profile-file', `the profile file ${file} cannot be used: ${error.message}`, {
      ...(error.offset === undefined ? {} : { data: { offset: error.offset } }),
      cause: error,
    })
  }
}

/** Deletes unused stock of earlier runs, which the next order would get. */
const clearStock = async (store: SmdpStore, now: Date): Promise<void> => {
  for (const order of await store.findOrdersOfType(PROFILE_TYPE))
    if (order.state === 'Available')
      await store.saveOrder(advance(order, 'Unavailable', 'left over from an earlier run', now))
}

/** Adds the profile to the stock of the SM-DP+ and the subscriber to the network register. */
export const stockProfile = async (
  at: { smdp: SmdpServer; store: SmdpStore; subscribers: SubscriberRegister; clock: () => Date },
  supply: Supply,
): Promise<{ iccid: string; bytes: number }> => {
  const { iccid, imsi, algorithm, serviceProviderName } = supply.subscriber
  await clearStock(at.store, at.clock())
  at.subscribers.add({ imsi, iccid, algorithm })
  await at.smdp.addProfile({
    iccid,
    profileType: PROFILE_TYPE,
    package: supply.package,
    metadata: {
      serviceProviderName: OPERATOR.name,
      profileName: supply.profileName || serviceProviderName || 'profile',
      notify: ['notificationInstall', 'notificationEnable', 'notificationDisable', 'notificationDelete'],
    },
    replace: true,
  })
  return { iccid, bytes: supply.package.length }
}
