import { isApduError } from '../apdu/errors.ts'
import { BenchError } from '../host/error.ts'
import { readEid } from '../lpa/card/euicc.ts'
import { withIsdr } from '../lpa/card/isdr.ts'
import { isLpaError } from '../lpa/errors.ts'
import type { OpenedRig } from './attach.ts'

/**
 * Checks that the opened card has the EID of the rig file, so that no command reaches another card. A rig without an EID
 * accepts any card. Throws a BenchError `rig-not-attached`.
 */
export const checkIdentity = async ({ rig, card, isdrOptions }: OpenedRig): Promise<void> => {
  const { name, link, eid: wanted } = rig
  // A recording cannot be changed, and may not contain the query.
  if (wanted === undefined || link === 'tape') return
  const refuse = (what: string, cause?: unknown): never => {
    throw new BenchError(
      'rig-not-attached',
      `the rig ${name} is not attached: its file requires the card ${wanted}, but ${what}. Insert that card, or correct card.eid.`,
      { data: { rig: name }, cause },
    )
  }
  let found: string
  try {
    found = await card.exclusive(channel => withIsdr(channel, isdrOptions, readEid))
  } catch (error) {
    if (!isLpaError(error) && !isApduError(error)) throw error
    return refuse(`the EID of the inserted card cannot be read (${error.message})`, error)
  }
  if (found !== wanted) refuse(`the inserted card is ${found}`)
}
