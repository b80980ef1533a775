import { PcscError } from '../../pcsc/errors.ts'
import { type DoctorFinding, ok, problem, warning } from './finding.ts'
import type { Machine } from './machine.ts'

/** Checks pcscd, the permission of this user, the readers and their cards. */
export const checkPcsc = async (machine: Machine): Promise<DoctorFinding[]> => {
  try {
    const readers = await machine.readers()
    if (readers.length === 0)
      return [
        ok('pcscd', 'answers'),
        warning('readers', 'no reader is attached', 'plug in a reader; lsusb shows whether the machine detects it'),
      ]
    return [
      ok('pcscd', 'answers'),
      ...readers.map(({ name, hasCard, isMute, isHeld, atr }): DoctorFinding => {
        const about = `reader ${name}`
        if (!hasCard) return ok(about, 'empty')
        if (isMute)
          return warning(about, 'the card does not answer to reset', 'turn the card around, or clean its contacts')
        if (isHeld)
          return warning(
            about,
            'another program uses the card exclusively',
            'close that program, often scdaemon of GnuPG (gpgconf --kill scdaemon) or a browser',
          )
        return ok(about, `a card, ATR ${Buffer.from(atr).toString('hex').toUpperCase()}`)
      }),
    ]
  } catch (error) {
    if (!(error instanceof PcscError)) throw error
    return [failed(error, machine)]
  }
}

const failed = (error: PcscError, machine: Machine): DoctorFinding => {
  if (error.code === 'no-binding')
    return warning('pcscd', 'not checked: no PC/SC package loads', 'see npm smartcard and npm pcsclite above')
  if (error.code === 'not-permitted')
    return problem(
      'pcscd',
      `pcscd is running but rejects the user ${machine.user.name}`,
      'allow org.debian.pcsc-lite.access_pcsc and access_card for this user or group with a polkit rule in /etc/polkit-1/rules.d, or use a local session',
    )
  if (error.code === 'no-service') {
    const runs = machine.processesCalled('pcscd').length > 0
    const installed = machine.exists('/usr/sbin/pcscd')
    return warning(
      'pcscd',
      runs ? 'it is running but does not answer' : installed ? 'it is not running' : 'it is not installed',
      runs
        ? 'systemctl restart pcscd'
        : installed
          ? 'systemctl start pcscd.socket'
          : 'apt install pcscd (other systems: pcsc-lite)',
    )
  }
  return warning('pcscd', error.message)
}
