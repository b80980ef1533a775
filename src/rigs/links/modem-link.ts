import { join } from 'node:path'
import { afterTimeout } from '../../host/after-timeout.ts'
import { LINUX, type Roots } from '../../host/machine/roots.ts'
import { PACKAGE_FOLDER } from '../../host/version.ts'
import type { PathNews } from '../../modem/at/at-channels.ts'
import { openModemCard } from '../../modem/at-card.ts'
import type { IsdrOptionsOf } from '../card-knowledge.ts'
import type { LearnedFacts } from '../learned.ts'
import type { Rig } from '../rig.ts'
import { hardwareLink } from './hardware-link.ts'
import type { Link } from './link.ts'
import { openAgain, takePort } from './modem-ports.ts'
import { readModemProfiles } from './modem-profiles.ts'

const choiceOf = (rig: Rig) => {
  if (rig.link === 'software' || !('modem' in rig.link)) throw new TypeError(`${rig.name} is no modem rig`)
  return rig.link.modem
}

/** A modem with the modem profiles of this package and of the working folder. */
export const modemLink = (
  isdrOptionsOf?: IsdrOptionsOf,
  workingFolder = '.',
  learned?: LearnedFacts,
  roots: Roots = LINUX,
): Link => {
  const folders = [PACKAGE_FOLDER, workingFolder].map(folder => join(folder, 'rigs', 'modems'))
  return hardwareLink(async rig => {
    const notes: string[] = []
    const profiles = readModemProfiles(folders)
    const report = ({ text, path }: PathNews): void => {
      notes.push(text)
      if (path !== undefined) learned?.learn(rig.name, { apdu: path })
    }
    const firstPath = learned?.of(rig.name).apdu
    const choice = choiceOf(rig)
    const { baud, apdu, profile } = choice
    const { taken, device, passedOver } = await takePort(
      choice,
      (port, its) =>
        openModemCard({
          port,
          reopen: () => openAgain(its, choice, baud, roots),
          baud,
          apdu,
          profile,
          profiles,
          firstPath,
          report,
          after: afterTimeout,
        }),
      roots,
    )
    const { manufacturer, model, firmware, imei } = taken.identity
    const named = [manufacturer, model, firmware].filter(part => part !== undefined).join(' ')
    const { usb } = device
    return {
      card: taken,
      modem: taken,
      way: named,
      segmentSize: taken.profile.segmentSize,
      refreshFlag: taken.profile.refreshFlag,
      facts: [
        `modem ${named || 'without identification'}, ${imei === undefined ? 'without IMEI' : `IMEI ${imei}`}, profile ${taken.profile.name}`,
        `port ${device.path}${usb ? `, USB ${usb.path}:${usb.interface}, ${usb.vendorId}:${usb.productId}` : ''}`,
        ...passedOver,
      ],
      notes,
    }
  }, isdrOptionsOf)
}
