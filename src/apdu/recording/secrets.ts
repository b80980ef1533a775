import { decodeCommand } from '../command.ts'

/** VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN: their data field is the secret. */
const PIN_COMMANDS: readonly number[] = [0x20, 0x24, 0x26, 0x28, 0x2c]
const AUTHENTICATE = 0x88
const GET_RESPONSE = 0xc0

/**
 * Blanks the secrets of one exchange after another: PINs in commands, and in the response to AUTHENTICATE all but
 * its success tag and RES (TS 31.102 §7.1.2.1 puts CK, IK and Kc behind it). Secrets become zeros of the same length.
 *
 * It follows the conversation, because the response to AUTHENTICATE may come with GET RESPONSE: use one for a channel.
 */
export const hideSecrets = (): ((exchange: { command: Uint8Array; response?: Uint8Array | undefined }) => {
  command: Uint8Array
  response?: Uint8Array
}) => {
  let authenticating = false
  return ({ command, response }) => {
    const [, ins] = command
    authenticating = ins === AUTHENTICATE || (authenticating && ins === GET_RESPONSE)
    const shown = hideSecretsOfCommand(command)
    if (response === undefined) return { command: shown }
    return { command: shown, response: authenticating ? blankKeys(response) : response }
  }
}

/** The command alone, its PIN blanked if it has one. */
export const hideSecretsOfCommand = (command: Uint8Array): Uint8Array =>
  PIN_COMMANDS.includes(command[1] ?? -1) ? blankData(command) : command

const blankData = (command: Uint8Array): Uint8Array => {
  const length = lengthOfData(command)
  const out = command.slice()
  out.fill(0, Math.min(5, out.length), Math.min(5 + length, out.length))
  return out
}

const lengthOfData = (command: Uint8Array): number => {
  try {
    const { data, extended } = decodeCommand(command)
    return data.length + (extended ? 2 : 0)
  } catch {
    return command.length
  }
}

/** 'DB' length RES, then length CK, length IK, length Kc, then SW1 SW2. Anything else but 'DC' is blanked whole. */
const blankKeys = (response: Uint8Array): Uint8Array => {
  const [tag, resLength = 0] = response
  if (tag === 0xdc || response.length <= 2) return response
  const out = response.slice()
  const from = tag === 0xdb ? Math.min(2 + resLength, out.length - 2) : 0
  out.fill(0, from, out.length - 2)
  return out
}
