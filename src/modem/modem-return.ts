import { ApduError } from '../apdu/errors.ts'
import type { After } from '../apdu/json/json-asker.ts'
import { describeEnd } from './at/at-exchange.ts'
import type { AtPort, BytePort } from './at/at-port.ts'
import { IMEI } from './at/at-urc.ts'
import { ModemError } from './errors.ts'

/** The properties of a modem that are needed to open it again. */
export interface ReturningModem {
  readonly port: AtPort
  /** Opens the port of the modem, also at a new path; rejects with a ModemError while it is missing. */
  readonly reopen: () => Promise<BytePort>
  readonly imei: string | undefined
  /** Commands that set up the modem; their results are ignored. */
  readonly setUp: readonly string[]
  readonly ordinary: number
  readonly after: After
}

const POLL_MS = 1_000
const ANSWERS_WITHIN_MS = 2_000

/** During enumeration the device file is missing, is owned by root, or is opened by udev. */
const TRANSIENT_ERRORS = ['no-port', 'port-held', 'port-forbidden'] as const

/**
 * Waits until the modem is back and opens it by its stable properties (bus position, serial number). The IMEI must be
 * unchanged. Rejects with an ApduError `port-gone`.
 */
export const awaitReturn = async (modem: ReturningModem, deadline: number): Promise<void> => {
  const { port, after, imei } = modem
  let isOver = false
  let reason = 'its port is missing'
  const cancel = after(deadline, () => {
    isOver = true
  })
  try {
    for (;;) {
      if (port.isClosed) throw new ApduError('port-gone', "the modem's port was closed")
      if (port.isGone) {
        const opened = await reopen(modem)
        if (typeof opened === 'string') reason = opened
        else await port.replacePort(opened)
      }
      if (!port.isGone) {
        const end = await port.ask({ text: 'AT' }, ANSWERS_WITHIN_MS)
        if (end.end === 'ok') break
        port.revive()
        reason = `its port is open, and AT returns ${describeEnd(end)}`
      }
      if (isOver) throw new ApduError('port-gone', `the modem did not come back in ${deadline / 1000} s: ${reason}`)
      await port.settle(POLL_MS)
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
    `the modem with IMEI ${imei} left, and ${found === undefined ? 'one without an IMEI' : `the one with IMEI ${found}`} is at its port now. ` +
      'It is not used: attach the first modem again, or choose the rig of the other one',
  )
  throw new ApduError('port-gone', cause.message, { cause })
}

const reopen = async ({ reopen: open }: ReturningModem): Promise<BytePort | string> => {
  try {
    return await open()
  } catch (error) {
    if (error instanceof ModemError && TRANSIENT_ERRORS.some(code => code === error.code)) return error.message
    throw error
  }
}
