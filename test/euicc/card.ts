import type { Channel } from '../../src/apdu/channel.ts'
import { openLogicalChannel, selectByAid } from '../../src/apdu/logical-channel.ts'
import { storeData } from '../../src/apdu/store-data.ts'
import { toHex } from '../../src/asn1/bytes.ts'
import { decode, encode, type Schema } from '../../src/asn1/schema.ts'
import { createEuicc, type EuiccOptions, type SoftwareEuicc } from '../../src/euicc/euicc.ts'
import { createDefaultIdentity, type EuiccIdentity } from '../../src/euicc/state/identity.ts'
import { createMemory, type NonVolatileMemory } from '../../src/euicc/state/memory.ts'
import { createBlankState, getStateChanges } from '../../src/euicc/state/persistence.ts'
import type { CardState, Profile } from '../../src/euicc/state/state.ts'
import type { Pki } from '../../src/rsp/certificates/pki-folder.ts'
import { issueTestPki } from '../../src/rsp/certificates/test-pki.ts'
import type { CurveName } from '../../src/rsp/crypto/curve.ts'
import { iccidFromDigits } from '../../src/rsp/identifiers.ts'
import { ISD_R_AID } from '../../src/rsp/isdr.ts'
import { seededRandom } from '../rsp/seeded-random.ts'

export const NOW = new Date('2026-11-22T12:00:00Z')

const pkis = new Map<CurveName, Pki>()
/** Returns one test PKI a curve for all tests of a file, because issuing it is slow. */
export const getTestPki = (curve: CurveName): Pki => {
  const pki = pkis.get(curve) ?? issueTestPki({ curve, smdpHost: 'smdp.test', random: seededRandom(curve), now: NOW })
  pkis.set(curve, pki)
  return pki
}

export const testIdentity = (curves: readonly CurveName[] = ['P-256']): EuiccIdentity =>
  createDefaultIdentity(curves.map(getTestPki), { rootDsAddress: 'ds.test', defaultDpAddress: 'smdp.test' })

export const ICCID_DIGITS = ['89882119000000000011', '89882119000000000029', '89882119000000000037'] as const
export const ICCIDS = ICCID_DIGITS.map(iccidFromDigits)

/** Creates an installed profile without a download. */
export const createProfile = (index: number, info: Partial<Profile['info']> = {}): Profile => ({
  isdpAid: Uint8Array.from(Buffer.from(`a0000005591010ffffffff890000${(0x10 + index).toString(16)}00`, 'hex')),
  ciPKId: getTestPki('P-256').ci.certificate.subjectKeyId!,
  size: 1000,
  info: {
    iccid: ICCIDS[index]!,
    serviceProviderName: `Operator ${index}`,
    profileName: `Plan ${index}`,
    profileClass: 'operational',
    notificationConfigurationInfo: (
      ['notificationInstall', 'notificationEnable', 'notificationDisable', 'notificationDelete'] as const
    ).map(event => ({ profileManagementOperation: [event], notificationAddress: `notify${index}.test` })),
    ...info,
  },
})

export const createStateWith = (profiles: readonly Profile[], enabled?: number): CardState => {
  const blank = createBlankState(testIdentity().eid)
  const keyed = profiles.map(profile => [toHex(profile.isdpAid), profile] as const)
  return {
    ...blank,
    root: { ...blank.root, ...(enabled === undefined ? {} : { enabled: profiles[enabled]!.isdpAid }) },
    profiles: new Map(keyed),
    packages: new Map(keyed.map(([key]) => [key, new Uint8Array([0xa0, 0x00])])),
  }
}

export const createMemoryWith = (state: CardState): NonVolatileMemory =>
  createMemory(new Map([...getStateChanges(undefined, state)].map(([name, value]) => [name, value!])))

export interface TestCard extends Conversation {
  readonly card: SoftwareEuicc
  readonly memory: NonVolatileMemory
  /** Creates the same conversation over another transport channel. */
  over(channel: Channel): Conversation
}

export interface Conversation {
  /** A channel without exclusive access: a test sends one command at a time. */
  readonly channel: Channel
  /** Number of a logical channel with the ISD-R, opened at the first call and left open. */
  isdr(): Promise<number>
  /** Calls a function of ES10 on that channel. */
  call<Request, Response>(
    row: { readonly request: Schema<Request>; readonly response: Schema<Response> },
    request: Request,
  ): Promise<Response>
}

export const createTestCard = async (
  options: Partial<EuiccOptions> & { state?: CardState } = {},
): Promise<TestCard> => {
  const memory = options.memory ?? (options.state ? createMemoryWith(options.state) : createMemory())
  const card = await createEuicc({
    identity: testIdentity(),
    clock: () => NOW,
    random: seededRandom('card'),
    onFault: fault => {
      throw fault
    },
    ...options,
    memory,
  })
  const channel: Channel = { transmit: parseCommand => card.exclusive(inside => inside.transmit(parseCommand)) }
  return { card, memory, over: converse, ...converse(channel) }
}

const converse = (channel: Channel): Conversation => {
  let opened: number | undefined
  const isdr = async () => {
    if (opened === undefined) {
      const number = await openLogicalChannel(channel)
      await selectByAid(channel, number, ISD_R_AID)
      opened = number
    }
    return opened
  }
  return {
    channel,
    isdr,
    call: async (row, request) =>
      decode(row.response, await storeData(channel, await isdr(), encode(row.request, request))),
  }
}

export const command = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'))
export const exchangeHex = async ({ channel }: Pick<TestCard, 'channel'>, hex: string): Promise<string> =>
  toHex(await channel.transmit(command(hex)))
