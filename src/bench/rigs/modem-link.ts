import { join } from 'node:path'
import { openModemCard } from '../../modem/at-card.ts'
import type { PathNews } from '../../modem/at-channels.ts'
import type { After } from '../../modem/at-port.ts'
import { PACKAGE_FOLDER } from '../version.ts'
import type { IsdrOptionsOf } from './card-knowledge.ts'
import { hardwareLink } from './hardware-link.ts'
import type { LearnedFacts } from './learned.ts'
import type { Link } from './link.ts'
import { readModemProfiles } from './modem-profiles.ts'
import type { Rig } from './rig.ts'

const after: After = (ms, run) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

const choiceOf = (rig: Rig) => {
  if (rig.link === 'software' || !('modem' in rig.link)) throw new TypeError(`${rig.name} is no modem rig`)
  return { ...rig.link.modem, port: rig.link.modem.port ?? '' }
}

/** A modem, and what rigs/modems of this package and of the working folder know of its kind. */
export const modemLink = (isdrOptionsOf?: IsdrOptionsOf, workingFolder = '.', learned?: LearnedFacts): Link => {
  const folders = [PACKAGE_FOLDER, workingFolder].map(folder => join(folder, 'rigs', 'modems'))
  return hardwareLink(async rig => {
    const notes: string[] = []
    const profiles = readModemProfiles(folders)
    const report = ({ text, path }: PathNews): void => {
      notes.push(text)
      if (path !== undefined) learned?.learn(rig.name, { apdu: path })
    }
    const firstPath = learned?.of(rig.name).apdu
    const card = await openModemCard({ ...choiceOf(rig), profiles, firstPath, report, after })
    const { manufacturer, model, firmware } = card.identity
    const named = [manufacturer, model, firmware].filter(part => part !== undefined).join(' ')
    return {
      card,
      segmentSize: card.profile.segmentSize,
      refreshFlag: card.profile.refreshFlag,
      facts: [`modem ${named || 'that does not say what it is'}, profile ${card.profile.name}`],
      notes,
    }
  }, isdrOptionsOf)
}
