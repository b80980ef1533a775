import { type AtModemOptions, createAtModem } from '../../euicc/emulator/at-modem.ts'
import { MODEM_QUIRKS, type QuirkName } from '../../euicc/emulator/at-modem-quirks.ts'
import { BenchError } from '../../host/error.ts'
import { nearestKey } from '../../host/yaml/near-key.ts'
import type { MakeModem } from './pty-emulator.ts'

/** The emulated modem with the manners of that name, and the network it hears. */
export const modemOf = (name = 'ordinary', register?: AtModemOptions['register']): MakeModem => {
  const known = Object.keys(MODEM_QUIRKS)
  if (!known.includes(name)) {
    const near = nearestKey(name, known)
    throw new BenchError(
      'usage',
      `no modem has the manners ${JSON.stringify(name)}; ${near ? `did you mean ${near}?` : `known are ${known.join(', ')}`}`,
    )
  }
  const { manners } = MODEM_QUIRKS[name as QuirkName]
  return ({ card, send, after }) => {
    const modem = createAtModem({ card, manners, schedule: after, register })
    modem.onSay(send)
    return modem
  }
}
