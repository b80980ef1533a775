import { decodeCommand } from '../apdu/command.ts'
import { ApduError } from '../apdu/errors.ts'

/**
 * A short command as a T=0 reader wants it (ISO 7816-3 §12.2): the header always has its fifth byte, and a command with
 * data leaves its Le away, upon which the card announces its response with 61xx. Readers differ in whether they do this
 * themselves; none minds that it is done.
 */
export const toTpdu = (command: Uint8Array): Uint8Array => {
  const { case: kind, extended } = decodeCommand(command)
  if (extended) throw new ApduError('bad-command', 'T=0 carries no extended lengths; send shorter commands')
  if (kind === 1) {
    const out = new Uint8Array(5)
    out.set(command)
    return out
  }
  return kind === 4 ? command.subarray(0, -1) : command
}
