import { PcscError } from '../../pcsc/errors.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import type { Machine } from './machine.ts'

/** The daemon, this user's right to it, the readers and whether there is a card in each. */
export const checkPcsc = async (machine: Machine): Promise<Finding[]> => {
  try {
    const readers = await machine.readers()
    if (readers.length === 0)
      return [
        ok('pcscd', 'answers'),
        warning('readers', 'none is attached', 'plug a reader in; lsusb shows whether the machine sees it at all'),
      ]
    return [
      ok('pcscd', 'answers'),
      ...readers.map(({ name, hasCard, isMute, isHeld, atr }): Finding => {
        const about = `reader ${name}`
        if (!hasCard) return ok(about, 'empty')
        if (isMute)
          return warning(about, 'its card does not answer to reset', 'turn the card round, or clean its contacts')
        if (isHeld)
          return warning(
            about,
            'another program holds its card exclusively',
            'end it (gpg-agent’s scdaemon and browsers often do: gpgconf --kill scdaemon)',
          )
        return ok(about, `a card, ATR ${Buffer.from(atr).toString('hex').toUpperCase()}`)
      }),
    ]
  } catch (error) {
    if (!(error instanceof PcscError)) throw error
    return [failed(error, machine)]
  }
}

const failed = (error: PcscError, machine: Machine): Finding => {
  if (error.code === 'no-binding')
    return warning('pcscd', 'not asked: no PC/SC package loads', 'see npm smartcard and npm pcsclite above')
  if (error.code === 'not-permitted')
    return problem(
      'pcscd',
      `it runs and refuses the user ${machine.user.name}`,
      'pcscd lets polkit decide: allow org.debian.pcsc-lite.access_pcsc and access_card to this user or its group with a rule in /etc/polkit-1/rules.d, or run in a local session',
    )
  if (error.code === 'no-service') {
    const runs = machine.processesCalled('pcscd').length > 0
    const installed = machine.exists('/usr/sbin/pcscd')
    return warning(
      'pcscd',
      runs ? 'it runs and cannot be reached' : installed ? 'it does not run' : 'it is not installed',
      runs
        ? 'systemctl restart pcscd'
        : installed
          ? 'systemctl start pcscd.socket'
          : 'apt install pcscd (elsewhere: pcsc-lite)',
    )
  }
  return warning('pcscd', error.message)
}
