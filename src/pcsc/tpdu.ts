import { decodeCommand } from '../apdu/command.ts'
import { ApduError } from '../apdu/errors.ts'

/**
 * A command as a T=0 reader wants it (ISO 7816-3 §12.2): the header always has its fifth byte, and a command with
 * data leaves its Le away, upon which the card announces its response with 61xx. Readers differ in whether they do this
 * themselves; none minds that it is done.
 *
 * Extended lengths become short ones where they fit. More data would have to travel in ENVELOPE, and that is the
 * toolkit's on a UICC (TS 102 221 §11.2.2): what a card made of it, nobody could say.
 */
export const toTpdu = (command: Uint8Array): Uint8Array => {
  const { cla, ins, p1, p2, case: kind, data, le, extended } = decodeCommand(command)
  if (data.length > 0xff)
    throw new ApduError(
      'bad-command',
      `the command has ${data.length} bytes of data, and T=0 carries 255: send them in parts as the command has it, ` +
        'such as the blocks of STORE DATA, or use a card and reader that speak T=1',
    )
  if (extended) {
    // '00' asks for all there is; beyond 256 bytes the card announces the rest.
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
