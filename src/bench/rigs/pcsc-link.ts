import { openPcscCard } from '../../pcsc/card.ts'
import { hardwareLink } from './hardware-link.ts'
import type { Link } from './link.ts'
import type { Rig } from './rig.ts'

const choiceOf = (rig: Rig) => {
  if (rig.link === 'software' || !('pcsc' in rig.link)) throw new TypeError(`${rig.name} is no PC/SC rig`)
  return { ...rig.link.pcsc, reader: rig.link.pcsc.reader ?? '' }
}

export const pcscLink = (): Link => hardwareLink(rig => openPcscCard(choiceOf(rig)))
