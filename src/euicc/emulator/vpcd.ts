import type { Card } from '../../apdu/channel.ts'

/*
 * The wire of vpcd, the virtual reader of vsmartcard: each message is two bytes of length, big-endian, and so many bytes.
 * To the card one byte is control (0 power off, 1 power on, 2 reset, 4 tell the ATR) and more are a command APDU; back
 * come the ATR and response APDUs, and to the other controls nothing.
 */
const [POWER_OFF, POWER_ON, RESET, TELL_ATR] = [0, 1, 2, 4]

export type VpcdMessage =
  | { readonly kind: 'power-off' | 'power-on' | 'reset' | 'atr' }
  | { readonly kind: 'apdu'; readonly command: Uint8Array }
  /** An unknown control; it is ignored. */
  | { readonly kind: 'unknown'; readonly control: number }

/** Parses messages from chunks of any size. */
export const createVpcdFraming = (): ((chunk: Uint8Array) => VpcdMessage[]) => {
  let waiting: Uint8Array = new Uint8Array(0)
  return chunk => {
    waiting = waiting.length === 0 ? chunk : Uint8Array.from([...waiting, ...chunk])
    const messages: VpcdMessage[] = []
    for (;;) {
      const length = (waiting[0]! << 8) | waiting[1]!
      if (waiting.length < 2 || waiting.length < 2 + length) return messages
      const message = Uint8Array.from(waiting.subarray(2, 2 + length))
      waiting = waiting.subarray(2 + length)
      if (length > 0) messages.push(readMessage(message))
    }
  }
}

const readMessage = (message: Uint8Array): VpcdMessage => {
  if (message.length > 1) return { kind: 'apdu', command: message }
  switch (message[0]) {
    case POWER_OFF:
      return { kind: 'power-off' }
    case POWER_ON:
      return { kind: 'power-on' }
    case RESET:
      return { kind: 'reset' }
    case TELL_ATR:
      return { kind: 'atr' }
    default:
      return { kind: 'unknown', control: message[0]! }
  }
}

export const frameVpcd = (message: Uint8Array): Uint8Array => {
  const out = new Uint8Array(2 + message.length)
  out[0] = message.length >> 8
  out[1] = message.length
  out.set(message, 2)
  return out
}

/** The response of the card to a message: a framed response, or nothing. */
export const answerVpcd = async (
  card: Pick<Card, 'atr' | 'reset' | 'exclusive'>,
  message: VpcdMessage,
): Promise<Uint8Array | undefined> => {
  switch (message.kind) {
    case 'atr':
      return frameVpcd(card.atr)
    case 'apdu':
      return frameVpcd(await card.exclusive(channel => channel.transmit(message.command)))
    case 'power-on':
    case 'reset':
      await card.reset()
      return undefined
    case 'power-off':
    case 'unknown':
      return undefined
  }
}
