import { type DecodedCommand, decodeCommand } from '../../apdu/command.ts'
import { ApduError, isApduError } from '../../apdu/errors.ts'
import { type ClassByte, decodeClass } from '../../apdu/logical-channel.ts'
import { respond } from '../../apdu/status.ts'
import { createResponses, type Protocol } from '../es10/response.ts'
import type { CardData } from '../state/card-data.ts'
import { INSTRUCTIONS } from './commands.ts'

const GET_RESPONSE = 0xc0

/** Converts a command APDU to a response APDU; contains the checks that apply to every command. */
export const createFraming = (device: CardData, protocol: Protocol, onFault?: (fault: unknown) => void) => {
  const responses = createResponses(protocol)

  const process = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const read = readCommand(bytes)
    if ('status' in read) {
      responses.forget()
      return respond(read.status)
    }
    const { command, classByte } = read
    const { channel } = classByte
    if (command.ins === GET_RESPONSE && command.p1 === 0 && command.p2 === 0) return responses.next(command, channel)
    responses.forget()

    if (!device.channels.has(channel)) return respond(0x6881)
    const instruction = INSTRUCTIONS.get(command.ins)
    if (instruction === undefined) return respond(0x6d00)
    if (instruction.in !== 'either' && (instruction.in === 'proprietary') !== classByte.proprietary)
      return respond(0x6e00)
    try {
      const reply = await instruction.run(device, command, channel)
      return responses.shape(command, channel, reply, command.ins === 0x12 ? 0x9000 : device.toolkit.normalEnding)
    } catch (fault) {
      if (fault instanceof ApduError) throw fault
      onFault?.(fault)
      return respond(0x6f00)
    }
  }
  return { process }
}

const readCommand = (bytes: Uint8Array): { command: DecodedCommand; classByte: ClassByte } | { status: number } => {
  try {
    if (bytes.length < 4) return { status: 0x6700 }
    const classByte = decodeClass(bytes[0]!)
    if (classByte.secureMessaging) return { status: 0x6882 }
    if (classByte.chaining) return { status: 0x6884 }
    return readBody(bytes, classByte)
  } catch (error) {
    if (isApduError(error, 'bad-command')) return { status: 0x6e00 }
    throw error
  }
}

const readBody = (bytes: Uint8Array, classByte: ClassByte) => {
  try {
    const command = decodeCommand(bytes)
    // The ATR does not indicate extended lengths.
    return command.extended ? { status: 0x6700 } : { command, classByte }
  } catch (error) {
    if (isApduError(error, 'bad-command')) return { status: 0x6700 }
    throw error
  }
}
