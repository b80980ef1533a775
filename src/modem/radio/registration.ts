import type { Channel } from '../../apdu/channel.ts'
import { ModemError } from '../errors.ts'
import { authenticateUsim, readUsim } from './usim.ts'

export interface AuthenticationChallenge {
  readonly rand: Uint8Array
  readonly autn: Uint8Array
}
export interface RegistrationRefused {
  /** The reason of the network, for example `unknown-subscriber`. */
  readonly refused: string
}
export interface RegistrationAccepted {
  readonly accepted: true
  readonly registration: 'home' | 'roaming'
  /** Name of the visited operator. */
  readonly operator: string
  /** MCC and MNC of that network. */
  readonly plmn: string
}

/** The network as seen by an attaching device (TS 33.102 §6.3, without the radio). */
export interface NetworkAccess {
  challenge(imsi: string): Promise<AuthenticationChallenge | RegistrationRefused>
  /** After AUTS the network sends another challenge. */
  answer(
    imsi: string,
    answer: { readonly res: Uint8Array } | { readonly auts: Uint8Array },
  ): Promise<RegistrationAccepted | { readonly challenge: AuthenticationChallenge } | RegistrationRefused>
}

export interface Registration {
  readonly iccid: string
  readonly imsi: string
  readonly serviceProviderName?: string
  readonly registration: 'home' | 'roaming'
  readonly operator: string
  readonly plmn: string
  /** The sequence number of the USIM was ahead, and the network adopted it. */
  readonly resynchronised: boolean
}

/** The device side of attaching: identifies and authenticates the card. Resynchronizes once. */
export const registerOnNetwork = async (channel: Channel, network: NetworkAccess): Promise<Registration> => {
  // 1. Read the identity of the card.
  const { iccid, imsi, serviceProviderName } = await readUsim(channel)

  // 2. The network sends a challenge.
  const first = await network.challenge(imsi)
  if ('refused' in first) throw toRefusedError(imsi, first)

  // 3. The USIM verifies the network and returns its response.
  let challenge: AuthenticationChallenge = first
  for (let resynchronised = false; ; resynchronised = true) {
    const proof = await authenticateUsim(channel, challenge.rand, challenge.autn)
    if ('auts' in proof && resynchronised)
      throw new ModemError('out-of-step', 'network', 'the USIM requested resynchronization twice')
    const verdict = await network.answer(imsi, proof)
    if ('refused' in verdict) throw toRefusedError(imsi, verdict)
    if ('accepted' in verdict) {
      // A network that accepts AUTS as RES has not authenticated the card.
      if ('auts' in proof)
        throw new ModemError('bad-network-data', 'network', 'the network accepted AUTS as a response')
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
      throw new ModemError('bad-network-data', 'network', 'the network answered RES with a new challenge')
    challenge = verdict.challenge
  }
}

const toRefusedError = (imsi: string, { refused }: RegistrationRefused): ModemError =>
  new ModemError('refused', 'network', `the network rejected IMSI ${imsi}: ${refused}`, { reason: refused })
