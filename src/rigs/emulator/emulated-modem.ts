import { type AtModemOptions, createAtModem } from '../../euicc/emulator/at-modem.ts'
import { MODEM_QUIRKS, type QuirkName } from '../../euicc/emulator/at-modem-quirks.ts'
import { BenchError } from '../../host/error.ts'
import { nearestKey } from '../../host/yaml/near-key.ts'
import type { MakeModem } from './pty-emulator.ts'

/** Creates the emulated modem with the named quirks. `register` is its network; absent: no network. */
export const modemOf = (name = 'ordinary', register?: AtModemOptions['register']): MakeModem => {
  const known = Object.keys(MODEM_QUIRKS)
  if (!known.includes(name)) {
    const near = nearestKey(name, known)
    throw new BenchError(
      'usage',
      `There are no modem quirks ${JSON.stringify(name)}. ${near ? `Did you mean ${near}?` : `Choose one of: ${known.join(', ')}.`}`,
    )
  }
  const { quirks } = MODEM_QUIRKS[name as QuirkName]
  return ({ card, send, after }) => {
    const modem = createAtModem({ card, quirks, schedule: after, register })
    modem.onSend(send)
    return modem
  }
}
