import { BenchError } from '../../host/error.ts'
import { isListed } from '../../rigs/protect-card.ts'
import type { CardOptions } from '../options.ts'
import { isYes } from '../terminal.ts'
import type { CardWork } from './with-card.ts'

export interface ConsentOptions extends CardOptions {
  readonly yes?: boolean
}

/** Asks before something that cannot be taken back; `what` reads as in "delete the profile …". */
export const askFirst = async (at: CardWork, what: string): Promise<void> => {
  // lpac asks nobody, and its front ends have asked.
  if ((at.options as ConsentOptions).yes || at.lpac) return
  const { ask } = at.terminal
  if (ask === undefined)
    throw new BenchError('usage', `shall it ${what}? There is no terminal to ask on: add --yes if you mean it`)
  if (!isYes(await ask(`${what}? [y/N] `, { signal: at.runtime.interrupt })))
    throw new BenchError('declined', 'nothing was changed')
}

/** For what the card's own guard does not see: the EID on the rig's list, and an ICCID. */
export const refuseOnProtected = (
  { device }: CardWork,
  { eid, iccid }: { eid: string; iccid?: string | undefined },
  what: string,
): void => {
  const numbers = device.protectedNumbers
  const hit = numbers.includes(eid)
    ? `the card ${eid}`
    : iccid !== undefined && iccid !== '' && isListed(numbers, iccid)
      ? `the profile ${iccid}`
      : undefined
  if (hit === undefined) return
  throw new BenchError(
    'protected',
    `${hit} is protected by its rig: ${what}; take it off \`protected\` in the rig file if you mean to`,
  )
}
