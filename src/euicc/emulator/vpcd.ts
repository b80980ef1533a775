import type { Card } from '../../apdu/channel.ts'

/*
 * Protocol of vpcd (vsmartcard): a message has two length bytes, big-endian, and its content. One byte of content is a
 * control byte; more bytes are a command APDU. Only GET_ATR and APDUs have a response.
 */
const [POWER_OFF, POWER_ON, RESET, GET_ATR] = [0, 1, 2, 4]

export type VpcdMessage =
  | { readonly kind: 'power-off' | 'power-on' | 'reset' | 'atr' }
  | { readonly kind: 'apdu'; readonly command: Uint8Array }
  /** An unknown control; it is ignored. */
  | { readonly kind: 'unknown'; readonly control: number }

/** Parses messages from chunks of any size. */
export const createVpcdFraming = (): ((chunk: Uint8Array) => VpcdMessage[]) => {
  let pending: Uint8Array = new Uint8Array(0)
  return chunk => {
    pending = pending.length === 0 ? chunk : Uint8Array.from([...pending, ...chunk])
    const messages: VpcdMessage[] = []
    for (;;) {
      const length = (pending[0]! << 8) | pending[1]!
      if (pending.length < 2 || pending.length < 2 + length) return messages
      const message = Uint8Array.from(pending.subarray(2, 2 + length))
      pending = pending.subarray(2 + length)
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
    case GET_ATR:
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
