import type { DecodedCommand } from '../../apdu/command.ts'
import { encodeTlv } from '../../asn1/tlv.ts'
import { answerEs10 } from '../es10/es10.ts'
import { completeSwitch } from '../es10/profile-state.ts'
import { OK, type Reply } from '../es10/response.ts'
import type { CardData } from '../state/card-data.ts'
import { manageChannel } from './channels.ts'
import { handleApplicationStatus, handleSelectByAid } from './select.ts'
import { assemble } from './store-data.ts'

type Run = (device: CardData, command: DecodedCommand, channel: number) => Reply | Promise<Reply>
interface Instruction {
  /** Allowed class bytes (TS 102 221 table 10.5): interindustry, proprietary, or both. */
  readonly in: 'interindustry' | 'proprietary' | 'either'
  readonly run: Run
}

const toFiles: Run = ({ files }, command, channel) => files.perform(command, channel)
/** File commands; not available on a channel with a security domain. */
const onFiles: Run = (device, command, channel) =>
  device.channels.get(channel)!.application === 'files' ? toFiles(device, command, channel) : { status: 0x6d00 }

const storeData: Run = async (device, command, channel) => {
  const logical = device.channels.get(channel)!
  if (logical.application === 'ecasd') return { status: 0x6985 }
  if (logical.application !== 'isdr') return { status: 0x6d00 }
  const assembled = assemble(logical.assembly, command)
  device.channels.set(channel, {
    application: 'isdr',
    assembly: assembled.step === 'more' ? assembled.assembly : undefined,
  })
  if (assembled.step === 'refused') return { status: assembled.status }
  return assembled.step === 'more' ? OK : answerEs10(device, assembled.payload)
}

const status: Run = (device, command, channel) => {
  const { application } = device.channels.get(channel)!
  return application === 'files'
    ? toFiles(device, command, channel)
    : handleApplicationStatus(device, command, application)
}

/** GET DATA returns the EID from the ECASD (SGP.02 §4.1.3.1): some devices read it there. */
const getData: Run = ({ channels, identity }, { p1, p2 }, channel) => {
  if (channels.get(channel)!.application !== 'ecasd') return { status: 0x6d00 }
  return p1 === 0x00 && p2 === 0x5a ? { status: 0x9000, data: encodeTlv(0x5a, identity.eid) } : { status: 0x6a88 }
}

const terminalResponse: Run = async (device, command) => {
  const { reply, performed } = device.toolkit.answer(command)
  const next = performed ? completeSwitch(device.state, device.identity) : undefined
  if (next !== undefined) {
    await device.commit(next)
    device.switchFiles()
  }
  return reply
}

const withoutParameters =
  (run: Run): Run =>
  (device, command, channel) =>
    command.p1 === 0 && command.p2 === 0 ? run(device, command, channel) : { status: 0x6a86 }
const getChallenge: Run = ({ random }, { le }) =>
  le === undefined ? { status: 0x6700 } : { status: 0x9000, data: random(le) }
const terminalProfile: Run = ({ toolkit }, command) => {
  if (command.case < 3) return { status: 0x6700 }
  toolkit.setTerminalProfile(command.data)
  return OK
}
/** TERMINAL CAPABILITY and ENVELOPE are accepted; their data has no effect. */
const acceptData: Run = (_device, command) => (command.case >= 3 ? OK : { status: 0x6700 })

/** By INS (TS 102 221 table 10.5, GPCS table 11-1, TS 31.102 §7). Others are rejected with 6D00. */
export const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  [0x70, { in: 'interindustry', run: manageChannel }],
  [0xa4, { in: 'interindustry', run: handleSelectByAid }],
  [0xe2, { in: 'proprietary', run: storeData }],
  [0xca, { in: 'either', run: getData }],
  [0xf2, { in: 'proprietary', run: status }],
  [0x10, { in: 'proprietary', run: withoutParameters(terminalProfile) }],
  [0xaa, { in: 'proprietary', run: withoutParameters(acceptData) }],
  [0xc2, { in: 'proprietary', run: withoutParameters(acceptData) }],
  [0x12, { in: 'proprietary', run: ({ toolkit }, command) => toolkit.fetch(command) }],
  [0x14, { in: 'proprietary', run: terminalResponse }],
  [0x84, { in: 'interindustry', run: withoutParameters(getChallenge) }],
  // READ, UPDATE and SEARCH of files; ACTIVATE and DEACTIVATE FILE; the five PIN commands; AUTHENTICATE.
  ...[0xb0, 0xd6, 0xb2, 0xdc, 0xa2, 0x44, 0x04, 0x20, 0x24, 0x26, 0x28, 0x2c, 0x88, 0x89].map(
    (ins): [number, Instruction] => [ins, { in: 'interindustry', run: onFiles }],
  ),
  // INCREASE, RETRIEVE DATA, SET DATA.
  ...[0x32, 0xcb, 0xdb].map((ins): [number, Instruction] => [ins, { in: 'proprietary', run: onFiles }]),
])
