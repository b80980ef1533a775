import {
  type Binding,
  type Connection,
  LEAVE_CARD,
  PROTOCOL_ANY,
  RESET_CARD,
  type ReaderState,
  SHARE_EXCLUSIVE,
} from './binding.ts'
import { PcscError, pcscError } from './errors.ts'

/** The native classes of npm `smartcard`. Its `Devices` and `wrapCard` change commands and are not used. */
interface Native {
  readonly Context: new () => NativeContext
}
interface NativeContext {
  listReaders(): NativeReader[]
  close(): void
}
interface NativeReader {
  readonly name: string
  readonly state: number
  readonly atr: Uint8Array | null
  connect(shareMode: number, protocols: number): Promise<NativeCard>
}
interface NativeCard {
  readonly protocol: number
  readonly atr: Uint8Array | null
  transmit(command: Buffer, options: { maxRecvLength: number }): Promise<Uint8Array>
  reconnect(shareMode: number, protocols: number, initialization: number): Promise<number>
  disconnect(disposition: number): void
}

/**
 * `smartcard` replaces the PC/SC error number by one of these texts (GetPCSCErrorString in src/pcsc_errors.h). Only
 * this table maps texts to numbers.
 */
const NUMBERS: Readonly<Record<string, number>> = {
  'Operation cancelled': 0x80100002,
  'Invalid handle': 0x80100003,
  'Invalid parameter': 0x80100004,
  'Invalid target': 0x80100005,
  'Not enough memory': 0x80100006,
  'Insufficient buffer': 0x80100008,
  'Unknown reader': 0x80100009,
  'Operation timed out': 0x8010000a,
  'Sharing violation': 0x8010000b,
  'No smart card present': 0x8010000c,
  'Unknown card type': 0x8010000d,
  'Cannot dispose handle': 0x8010000e,
  'Protocol mismatch': 0x8010000f,
  'Reader not ready': 0x80100010,
  'Invalid value': 0x80100011,
  'System cancelled operation': 0x80100012,
  'Communication error': 0x80100013,
  'Internal error': 0x80100001,
  'Invalid ATR': 0x80100015,
  'Transaction failed': 0x80100016,
  'Reader unavailable': 0x80100017,
  'PCI struct too small': 0x80100019,
  'PC/SC service not running': 0x8010001d,
  'PC/SC service stopped': 0x8010001e,
  'No readers available': 0x8010002e,
  'Card is not supported': 0x80100065,
  'Card is unresponsive': 0x80100066,
  'Card is unpowered': 0x80100067,
  'Card was reset': 0x80100068,
  'Card was removed': 0x80100069,
  // Texts of the package, after a disconnect and after a close.
  'Card is not connected': 0x80100003,
  'Context is not valid': 0x80100003,
}

const toPcscError = (cause: unknown, reader?: string): PcscError => {
  if (cause instanceof PcscError) return cause
  const words = cause instanceof Error ? cause.message : String(cause)
  const scard = NUMBERS[words]
  if (scard !== undefined) return pcscError(scard, { reader, cause })
  // The package reports "Unknown PC/SC error" for a dozen numbers, among them a denied user.
  const more =
    words === 'Unknown PC/SC error' ? '; set `binding: pcsclite` in the rig file to see the error number' : ''
  return new PcscError('failed', `${reader ? `${reader}: ` : ''}PC/SC failed: ${words}${more}`, { reader, cause })
}

const withReaderName = async <T>(reader: string | undefined, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw toPcscError(error, reader)
  }
}

export const bindSmartcard = (native: unknown): Binding => {
  const { Context } = native as Native
  let context: NativeContext | undefined
  const list = (): NativeReader[] => {
    context ??= new Context()
    return context.listReaders()
  }
  return {
    name: 'smartcard',
    readers: () =>
      withReaderName(undefined, () =>
        list().map(({ name, state, atr }): ReaderState => ({ name, state, atr: new Uint8Array(atr ?? []) })),
      ),
    connect: reader =>
      withReaderName(reader, async () => {
        const found = list().find(({ name }) => name === reader)
        if (!found) throw pcscError(0x80100009, { reader })
        return createConnection(reader, await found.connect(SHARE_EXCLUSIVE, PROTOCOL_ANY))
      }),
    release: () => {
      context?.close()
      context = undefined
    },
  }
}

const createConnection = (reader: string, card: NativeCard): Connection => {
  // The getter of the package calls `pcscd` at each read, and returns null after a removal.
  let atr = new Uint8Array(card.atr ?? [])
  return {
    get protocol() {
      return card.protocol
    },
    get atr() {
      return atr
    },
    transmit: command =>
      withReaderName(
        reader,
        async () => new Uint8Array(await card.transmit(Buffer.from(command), { maxRecvLength: 0x10002 })),
      ),
    reset: () =>
      withReaderName(reader, async () => {
        await card.reconnect(SHARE_EXCLUSIVE, PROTOCOL_ANY, RESET_CARD)
        atr = new Uint8Array(card.atr ?? [])
      }),
    disconnect: () => withReaderName(reader, () => card.disconnect(LEAVE_CARD)),
  }
}
