import type { Channel } from '../../apdu/channel.ts'
import { ModemError } from '../errors.ts'
import { authenticate, readUsim } from './usim.ts'

export interface Challenge {
  readonly rand: Uint8Array
  readonly autn: Uint8Array
}
export interface Refused {
  /** The network's word, for example `unknown-subscriber`. */
  readonly refused: string
}
export interface Accepted {
  readonly accepted: true
  readonly registration: 'home' | 'roaming'
  /** Name of the operator on whose network the device is. */
  readonly operator: string
  /** MCC and MNC of that network. */
  readonly plmn: string
}

/** The network as a device sees it while attaching (TS 33.102 §6.3, without the radio). */
export interface NetworkAccess {
  challenge(imsi: string): Promise<Challenge | Refused>
  /** A further challenge follows AUTS. */
  answer(
    imsi: string,
    answer: { readonly res: Uint8Array } | { readonly auts: Uint8Array },
  ): Promise<Accepted | { readonly challenge: Challenge } | Refused>
}

export interface Registration {
  readonly iccid: string
  readonly imsi: string
  readonly serviceProviderName?: string
  readonly registration: 'home' | 'roaming'
  readonly operator: string
  readonly plmn: string
  /** The USIM's sequence number was ahead of the network's, and the network took it over. */
  readonly resynchronised: boolean
}

/** The device's part of attaching: who the card is, and the proof that it is. Resynchronises once. */
export const registerOnNetwork = async (channel: Channel, network: NetworkAccess): Promise<Registration> => {
  // 1. Who is in the card?
  const { iccid, imsi, serviceProviderName } = await readUsim(channel)

  // 2. The network asks for the proof.
  const first = await network.challenge(imsi)
  if ('refused' in first) throw refusedBy(imsi, first)

  // 3. The USIM checks that the network knows its key, and proves that it does.
  let challenge: Challenge = first
  for (let resynchronised = false; ; resynchronised = true) {
    const proof = await authenticate(channel, challenge.rand, challenge.autn)
    if ('auts' in proof && resynchronised)
      throw new ModemError('out-of-step', 'network', 'the USIM asked for resynchronisation again after one')
    const verdict = await network.answer(imsi, proof)
    if ('refused' in verdict) throw refusedBy(imsi, verdict)
    if ('accepted' in verdict) {
      // A network that takes AUTS for RES has authenticated nobody.
      if ('auts' in proof) throw new ModemError('bad-network-data', 'network', 'the network accepted AUTS as a proof')
      const { registration, operator, plmn } = verdict
      return {
        iccid,
        imsi,
        ...(serviceProviderName === undefined ? {} : { serviceProviderName }),
        registration,
        operator,
        plmn,
        resynchronised,
      }
    }
    if ('res' in proof)
      throw new ModemError('bad-network-data', 'network', 'the network answered RES by a new challenge')
    challenge = verdict.challenge
  }
}

const refusedBy = (imsi: string, { refused }: Refused): ModemError =>
  new ModemError('refused', 'network', `the network refused IMSI ${imsi}: ${refused}`, { reason: refused })
