import { decodeCommand } from '../command.ts'

/** VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN: their data field is the secret. */
const PIN_COMMANDS: readonly number[] = [0x20, 0x24, 0x26, 0x28, 0x2c]
const AUTHENTICATE = 0x88
const GET_RESPONSE = 0xc0

/**
 * Creates a filter for the exchanges of one channel. PINs, and the response to AUTHENTICATE after RES (CK, IK and Kc,
 * TS 31.102 §7.1.2.1), become zeros. It has a state, because GET RESPONSE may return the response to AUTHENTICATE.
 */
export const hideSecrets = (): ((exchange: { command: Uint8Array; response?: Uint8Array | undefined }) => {
  command: Uint8Array
  response?: Uint8Array
}) => {
  let isAuthenticating = false
  return ({ command, response }) => {
    const [, ins] = command
    isAuthenticating = ins === AUTHENTICATE || (isAuthenticating && ins === GET_RESPONSE)
    const shown = hideSecretsOfCommand(command)
    if (response === undefined) return { command: shown }
    return { command: shown, response: isAuthenticating ? blankKeys(response) : response }
  }
}

/** Replaces the PIN of a command with zeros. */
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

/** 'DB' length RES, then length CK, length IK, length Kc, SW1 SW2. Other data than 'DC' (AUTS) is hidden completely. */
const blankKeys = (response: Uint8Array): Uint8Array => {
  const [tag, resLength = 0] = response
  if (tag === 0xdc || response.length <= 2) return response
  const out = response.slice()
  const from = tag === 0xdb ? Math.min(2 + resLength, out.length - 2) : 0
  out.fill(0, from, out.length - 2)
  return out
}
