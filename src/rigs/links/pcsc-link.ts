import { setTimeout as pause } from 'node:timers/promises'
import { isApduError } from '../../apdu/errors.ts'
import { closeLeftOpen } from '../../apdu/logical-channel.ts'
import { afterTimeout } from '../../host/after-timeout.ts'
import { readEid } from '../../lpa/card/euicc.ts'
import { withIsdr } from '../../lpa/card/isdr.ts'
import { isLpaError } from '../../lpa/errors.ts'
import { type CardIdentity, openPcscCard, type PcscCardOptions } from '../../pcsc/card.ts'
import type { IsdrOptionsOf } from '../card-knowledge.ts'
import type { Rig } from '../rig.ts'
import { hardwareLink } from './hardware-link.ts'
import type { Link, PrepareCard } from './link.ts'
import { pcscdAnswers } from './pcscd-probe.ts'

/** Identifies the card by EID. Reading an EID needs the LPA, so the PC/SC module receives it as a callback. */
const eidOf = (eid: string, rig: Rig, isdrOptionsOf: IsdrOptionsOf): CardIdentity => ({
  wanted: eid,
  called: 'EID',
  read: async channel => {
    try {
      const { onLearned: _, ...options } = isdrOptionsOf(rig)
      return await withIsdr(channel, options, readEid)
    } catch (error) {
      // The card is not the requested eUICC.
      if (isLpaError(error) || isApduError(error, 'refused', 'no-channel', 'bad-response')) return undefined
      throw error
    }
  },
})

const choiceOf = (rig: Rig, isdrOptionsOf: IsdrOptionsOf): PcscCardOptions => {
  if (rig.link === 'software' || !('pcsc' in rig.link)) throw new TypeError(`${rig.name} is no PC/SC rig`)
  const { eid, ...choice } = rig.link.pcsc
  return {
    ...choice,
    pause,
    after: afterTimeout,
    answers: pcscdAnswers,
    ...(eid === undefined ? {} : { identity: eidOf(eid, rig, isdrOptionsOf) }),
  }
}

/** The reset on opening closes logical channels, but some readers report a reset that they did not perform. */
const closeOpenChannels: PrepareCard = async card => {
  const count = await card.exclusive(channel => closeLeftOpen(channel, 1, 3))
  return {
    notes: count === 0 ? [] : [`${count} logical channel(s) that an earlier session left open were closed`],
  }
}

export const pcscLink = (isdrOptionsOf: IsdrOptionsOf = () => ({})): Link =>
  hardwareLink(async rig => {
    const card = await openPcscCard(choiceOf(rig, isdrOptionsOf))
    return {
      card,
      prepare: closeOpenChannels,
      // Without the numbers of reader and slot.
      way: card.reader.replace(/( \d\d){1,2}$/, ''),
      facts: [`reader ${card.reader}, ${card.protocol}, through npm ${card.binding}`],
      notes: card.notes,
    }
  }, isdrOptionsOf)
