import { BenchError } from '../../host/error.ts'
import { isListed } from '../../rigs/protect-card.ts'
import { isYes } from '../terminal.ts'
import type { ConsentOptions } from './card-options.ts'
import type { CardWork } from './with-card.ts'

/** Asks before an operation that cannot be reverted; `what` is a verb phrase such as "delete the profile …". */
export const askFirst = async (at: CardWork, what: string): Promise<void> => {
  // lpac does not ask: its front ends have asked the user.
  if ((at.options as ConsentOptions).yes || at.lpac) return
  const { ask } = at.terminal
  if (ask === undefined)
    throw new BenchError(
      'usage',
      `this command would ${what}, and there is no terminal to ask on; add --yes to confirm`,
    )
  if (!isYes(await ask(`${what}? [y/N] `, { signal: at.runtime.interrupt })))
    throw new BenchError('declined', 'nothing was changed')
}

/** Refuses an operation that the protected card layer cannot detect, by EID and ICCID. */
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
    `${hit} is protected by its rig: ${what}; to allow this, remove it from \`protected\` in the rig file`,
  )
}
