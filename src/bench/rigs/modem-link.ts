import { openModemCard } from '../../modem/at-card.ts'
import type { After } from '../../modem/at-port.ts'
import type { IsdrOptionsOf } from './card-knowledge.ts'
import { hardwareLink } from './hardware-link.ts'
import type { Link } from './link.ts'
import type { Rig } from './rig.ts'

const after: After = (ms, run) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

const choiceOf = (rig: Rig) => {
  if (rig.link === 'software' || !('modem' in rig.link)) throw new TypeError(`${rig.name} is no modem rig`)
  return { ...rig.link.modem, port: rig.link.modem.port ?? '' }
}

export const modemLink = (isdrOptionsOf?: IsdrOptionsOf): Link =>
  hardwareLink(rig => openModemCard({ ...choiceOf(rig), after }), isdrOptionsOf)
