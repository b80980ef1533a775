import type { Channel } from '../apdu/channel.ts'
import { decodeCommand } from '../apdu/command.ts'
import { isApduError } from '../apdu/errors.ts'
import { type CardLayer, forward, forwardChannel } from '../apdu/layers/compose.ts'
import { decodeClass } from '../apdu/logical-channel.ts'
import { getStatus, respond } from '../apdu/status.ts'
import { storeData } from '../apdu/store-data.ts'
import { concat, equalBytes, toHex } from '../asn1/bytes.ts'
import { Asn1Error } from '../asn1/error.ts'
import { decode, encode } from '../asn1/schema.ts'
import { BenchError } from '../host/error.ts'
import { iccidToDigits } from '../rsp/identifiers.ts'
import type { Es10Function } from '../rsp/interfaces/es10-function.ts'
import { ES10a } from '../rsp/interfaces/es10a.ts'
import { ES10c } from '../rsp/interfaces/es10c.ts'
import type { ProfileInfo } from '../rsp/metadata.ts'

/** Whether the list contains the number, with or without its check digit. */
export const isListed = (numbers: readonly string[], number: string): boolean =>
  number !== '' && numbers.some(listed => listed.startsWith(number) || number.startsWith(listed))

/** An operation that is rejected on a protected card or profile. */
type ProtectedOperation =
  | { readonly kind: 'delete' | 'disable' | 'enable'; readonly target?: ProfileIdentifier }
  | { readonly kind: 'reset'; readonly deletes: boolean }
  | { readonly kind: 'default SM-DP+' }
type ProfileIdentifier = {
  readonly iccid?: Uint8Array | undefined
  readonly isdpAid?: Uint8Array | undefined
}

const tagOf = (row: { readonly request: { readonly tags?: readonly number[] | undefined } }): number =>
  row.request.tags![0]!

/** ES10b.EuiccMemoryReset of SGP.22 v3. Its options are not decoded. */
const V3_MEMORY_RESET = 0xbf64

const OPERATION_PARSERS: ReadonlyMap<number, (payload: Uint8Array) => ProtectedOperation> = new Map<
  number,
  (payload: Uint8Array) => ProtectedOperation
>([
  [tagOf(ES10c.DeleteProfile), read => ({ kind: 'delete', target: decode(ES10c.DeleteProfile.request, read) })],
  [
    tagOf(ES10c.DisableProfile),
    read => ({ kind: 'disable', target: decode(ES10c.DisableProfile.request, read).profileIdentifier }),
  ],
  [
    tagOf(ES10c.EnableProfile),
    read => ({ kind: 'enable', target: decode(ES10c.EnableProfile.request, read).profileIdentifier }),
  ],
  [
    tagOf(ES10c.eUICCMemoryReset),
    read => {
      const { resetOptions } = decode(ES10c.eUICCMemoryReset.request, read)
      return { kind: 'reset', deletes: resetOptions.some(option => option !== 'resetDefaultSmdpAddress') }
    },
  ],
  [V3_MEMORY_RESET, () => ({ kind: 'reset', deletes: true })],
  [tagOf(ES10a.SetDefaultDpAddress), () => ({ kind: 'default SM-DP+' })],
])

/** An operation that cannot be decoded counts as the most destructive one of its tag. */
const parseOperation = (payload: Uint8Array): ProtectedOperation | undefined => {
  const tag = (payload[0]! << 8) | payload[1]!
  const read = OPERATION_PARSERS.get(tag)
  if (read === undefined) return undefined
  try {
    return read(payload)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    return tag === tagOf(ES10c.EnableProfile) ? { kind: 'enable' } : { kind: 'reset', deletes: true }
  }
}

/**
 * Rejects operations on protected cards and profiles with a BenchError `protected`, before they reach the card. They are
 * recognized in STORE DATA, so the layer covers all sources of commands.
 */
export const protectCard =
  (numbers: readonly string[] = []): CardLayer =>
  card =>
    numbers.length === 0
      ? card
      : forward(card, {
          exclusive: procedure => card.exclusive(channel => procedure(protectChannel(channel, numbers))),
        })

/** Segments are held back until the operation is known. */
const protectChannel = (channel: Channel, numbers: readonly string[]): Channel => {
  const chains = new Map<number, { held: Uint8Array[]; payload: Uint8Array; isHarmless: boolean }>()
  const pass = async (held: readonly Uint8Array[]): Promise<Uint8Array> => {
    let response = respond(0x9000)
    for (const command of held) {
      response = await channel.transmit(command)
      if (getStatus(response) !== 0x9000) return response
    }
    return response
  }
  return forwardChannel(channel, async function transmitProtected(command) {
    const block = storeDataOf(command)
    if (block === undefined) return channel.transmit(command)
    const { number, data, isFirst, isLast } = block
    const chain = (isFirst ? undefined : chains.get(number)) ?? {
      held: [],
      payload: new Uint8Array(0),
      isHarmless: false,
    }
    chains.set(number, chain)
    if (isLast) chains.delete(number)
    if (chain.isHarmless) return channel.transmit(command)
    chain.held.push(command)
    chain.payload = concat(chain.payload, data)
    const operation = chain.payload.length < 2 ? undefined : parseOperation(chain.payload)
    if (!isLast && (operation !== undefined || chain.payload.length < 2)) return respond(0x9000)
    if (operation !== undefined) await assertAllowed(channel, number, operation, numbers)
    chain.isHarmless = true
    return pass(chain.held)
  })
}

const storeDataOf = (
  command: Uint8Array,
): { number: number; data: Uint8Array; isFirst: boolean; isLast: boolean } | undefined => {
  try {
    const { cla, ins, p1, p2, data } = decodeCommand(command)
    const { proprietary, channel } = decodeClass(cla)
    if (!proprietary || ins !== 0xe2) return undefined
    return { number: channel, data, isFirst: p2 === 0, isLast: (p1 & 0x80) !== 0 }
  } catch (error) {
    // Bytes that are not a command have no effect on the card.
    if (isApduError(error, 'bad-command')) return undefined
    throw error
  }
}

const OPERATION_LABELS: Readonly<Record<ProtectedOperation['kind'], string>> = {
  delete: 'deleted from it',
  disable: 'disabled on it',
  enable: 'enabled on it while another profile is enabled',
  reset: 'reset on it',
  'default SM-DP+': 'changed of its default SM-DP+',
}

const refuse = (what: string): BenchError =>
  new BenchError('protected', `${what}. To permit it, remove the entry from \`protected\` in the rig file.`)

const assertAllowed = async (
  channel: Channel,
  number: number,
  operation: ProtectedOperation,
  numbers: readonly string[],
): Promise<void> => {
  const ask = <Request, Response>(row: Es10Function<Request, Response>, request: Request): Promise<Response> =>
    askCard(channel, number, row, request)
  const { eidValue } = await ask(ES10c.GetEID, { tagList: Uint8Array.of(0x5a) })
  const { profileInfoListOk: profiles = [] } = await ask(ES10c.GetProfilesInfo, {})
  const isTarget = ({ iccid, isdpAid }: ProfileInfo): boolean => {
    const target = 'target' in operation ? operation.target : undefined
    return same(target?.iccid, iccid) || same(target?.isdpAid, isdpAid)
  }
  const enabledOther = profiles.find(profile => profile.profileState === 'enabled' && !isTarget(profile))

  const eid = toHex(eidValue)
  if (numbers.includes(eid)) {
    if (operation.kind === 'enable' && enabledOther === undefined) return
    throw refuse(`the card ${eid} is protected by its rig: nothing may be ${OPERATION_LABELS[operation.kind]}`)
  }
  for (const profile of profiles) {
    const iccid = profile.iccid ? iccidToDigits(profile.iccid) : ''
    if (!isListed(numbers, iccid)) continue
    const isHit =
      operation.kind === 'enable'
        ? profile === enabledOther
        : operation.kind === 'reset'
          ? operation.deletes
          : operation.kind !== 'default SM-DP+' && isTarget(profile)
    if (!isHit) continue
    const effect = operation.kind === 'reset' || operation.kind === 'delete' ? 'deleted' : 'disabled'
    throw refuse(`the profile ${iccid} is protected by its rig and may not be ${effect}`)
  }
}

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && equalBytes(a, b)

/** A card that does not identify itself may be a protected one. */
const askCard = async <Request, Response>(
  channel: Channel,
  number: number,
  row: Es10Function<Request, Response>,
  request: Request,
): Promise<Response> => {
  try {
    return decode(row.response, await storeData(channel, number, encode(row.request, request)))
  } catch (error) {
    if (!isApduError(error, 'refused') && !(error instanceof Asn1Error)) throw error
    const what = `this rig protects cards or profiles, and the card does not answer ${row.name}`
    throw new BenchError('protected', `${what}. The operation is rejected.`, { cause: error })
  }
}
