import { isApduError } from '../apdu/errors.ts'
import { BenchError } from '../host/error.ts'
import { readEid } from '../lpa/card/euicc.ts'
import { withIsdr } from '../lpa/card/isdr.ts'
import { isLpaError } from '../lpa/errors.ts'
import type { OpenedRig } from './attach.ts'

/**
 * The card that a rig file names is the one in hand, or nothing is done: a command that was meant for it must not reach
 * another that somebody put in its place. A rig that names none takes any. Throws BenchError `rig-not-attached`.
 */
export const checkIdentity = async ({ rig, card, isdrOptions }: OpenedRig): Promise<void> => {
  const { name, link, eid: wanted } = rig
  // A tape answers only what it was told, and nothing on it can be harmed.
  if (wanted === undefined || link === 'tape') return
  const refuse = (what: string, cause?: unknown): never => {
    throw new BenchError(
      'rig-not-attached',
      `the rig ${name} is not attached: its file names the card ${wanted}, and ${what}; put the right card in, or correct card.eid`,
      { data: { rig: name }, cause },
    )
  }
  let found: string
  try {
    found = await card.exclusive(channel => withIsdr(channel, isdrOptions, readEid))
  } catch (error) {
    if (!isLpaError(error) && !isApduError(error)) throw error
    return refuse(`the one in it does not tell its EID (${error.message})`, error)
  }
  if (found !== wanted) refuse(`the one in it is ${found}`)
}
