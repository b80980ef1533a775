import { ApduError } from '../apdu/errors.ts'
import { describeEnd } from './at/at-exchange.ts'
import type { After, AtPort, BytePort } from './at/at-port.ts'
import { IMEI } from './at/at-urc.ts'
import { ModemError } from './errors.ts'

/** What must be known of a modem to take it back after it went. */
export interface Returning {
  readonly port: AtPort
  /** Opens the modem's port anew, wherever it is now; rejects with a ModemError while it is not there. */
  readonly reopen: () => Promise<BytePort>
  readonly imei: string | undefined
  /** Brings a modem that has just begun to the manners that are wanted; its answers do not matter. */
  readonly setUp: readonly string[]
  readonly ordinary: number
  readonly after: After
}

const LOOK_EVERY_MS = 1_000
const ANSWERS_WITHIN_MS = 2_000

/** While a device enumerates its file is missing, or belongs to root, or udev's helpers look at it. */
const COMES_AND_GOES = ['no-port', 'port-held', 'port-forbidden'] as const

/**
 * Waits until the modem is back, and takes it: its port is opened by what stays the same of it (its place on the bus,
 * its serial number), and its IMEI must be the one that went. Rejects with an ApduError `port-gone`.
 */
export const awaitReturn = async (modem: Returning, deadline: number): Promise<void> => {
  const { port, after, imei } = modem
  let isOver = false
  let said = 'its port is not there'
  const cancel = after(deadline, () => {
    isOver = true
  })
  try {
    for (;;) {
      if (port.isClosed) throw new ApduError('port-gone', "the modem's port was closed")
      if (port.isGone) {
        const opened = await reopen(modem)
        if (typeof opened === 'string') said = opened
        else await port.goOnOver(opened)
      }
      if (!port.isGone) {
        const end = await port.ask({ text: 'AT' }, ANSWERS_WITHIN_MS)
        if (end.end === 'ok') break
        port.revive()
        said = `its port is there, and AT gets ${describeEnd(end)}`
      }
      if (isOver) throw new ApduError('port-gone', `the modem did not come back in ${deadline / 1000} s: ${said}`)
      await port.settle(LOOK_EVERY_MS)
    }
  } finally {
    cancel()
  }
  for (const text of modem.setUp) await port.ask({ text }, modem.ordinary)
  const end = await port.ask({ text: 'AT+CGSN', reply: IMEI }, modem.ordinary)
  const found = end.end === 'ok' ? end.reply?.[1] : undefined
  if (imei === undefined || found === imei) return
  await port.close()
  const cause = new ModemError(
    'another-modem',
    'rig',
    `the modem with IMEI ${imei} went, and ${found === undefined ? 'one that tells no IMEI' : `the one with IMEI ${found}`} is at its port now; ` +
      'it is not touched: plug the first one in again, or choose the rig of the other one',
  )
  throw new ApduError('port-gone', cause.message, { cause })
}

const reopen = async ({ reopen: open }: Returning): Promise<BytePort | string> => {
  try {
    return await open()
  } catch (error) {
    if (error instanceof ModemError && COMES_AND_GOES.some(code => code === error.code)) return error.message
    throw error
  }
}
