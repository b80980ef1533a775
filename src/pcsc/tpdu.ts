import { decodeCommand } from '../apdu/command.ts'
import { ApduError } from '../apdu/errors.ts'

/**
 * Converts a command APDU to a T=0 TPDU (ISO 7816-3 §12.2): adds P3 to a case 1 command, removes Le from case 4.
 * Extended lengths become short if they fit. Longer data needs ENVELOPE, which a UICC uses for the toolkit (TS 102 221
 * §11.2.2).
 */
export const toTpdu = (command: Uint8Array): Uint8Array => {
  const { cla, ins, p1, p2, case: kind, data, le, extended } = decodeCommand(command)
  if (data.length > 0xff)
    throw new ApduError(
      'bad-command',
      `the command has ${data.length} bytes of data, but T=0 transfers at most 255. Send the data in segments, ` +
        'for example as STORE DATA blocks, or use a card and a reader with T=1',
    )
  if (extended) {
    // P3 = 00 requests all data; the card reports more than 256 bytes by 61xx.
    const third = kind === 2 ? Math.min(le!, 0x100) & 0xff : data.length
    return Uint8Array.of(cla, ins, p1, p2, third, ...data)
  }
  if (kind === 1) {
    const out = new Uint8Array(5)
    out.set(command)
    return out
  }
  return kind === 4 ? command.subarray(0, -1) : command
}
