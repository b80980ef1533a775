import { z } from 'zod'
import type { Address } from '../host/net/address-book.ts'

/** Texts of the command line as values. Each schema rejects with a reason that begins with "it must". */

const pattern = (regex: RegExp, reason: string) => z.string().regex(regex, reason)

/** A number from `min` to `max`. */
const whole = (min: number, max: number, reason: string) =>
  pattern(/^-?\d{1,9}$/, reason)
    .transform(Number)
    .refine(value => value >= min && value <= max, reason)

export const Port = whole(0, 65_535, 'it must be a number from 0 to 65535 (0: any free port)')
export const Count = whole(1, 999_999, 'it must be a number from 1 to 999999')
export const Seconds = whole(1, 999_999, 'it must be a number of seconds from 1 to 999999')
export const Milliseconds = whole(1, 600_000, 'it must be a number from 1 to 600000')
export const HttpStatus = whole(400, 599, 'it must be a number from 400 to 599')
export const BitMask = whole(1, 255, 'it must be a number from 1 to 255')
export const Offset = whole(-999_999_999, 999_999_999, 'it must be a whole number')

const isProbability = (value: number): boolean => value > 0 && value <= 1
export const Probability = pattern(/\S/, 'it must be a number above 0, up to 1')
  .transform(Number)
  .refine(isProbability, 'it must be a number above 0, up to 1')

export const Host = pattern(
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
  'it must be a host name such as smdp.example.com, without a port',
).transform(host => host.toLowerCase())

const HOST_AND_PORT = /^(\[[0-9a-f:]+\]|[^:\s]+):(\d{1,5})$/i
const HOST_AND_PORT_REASON = 'it must be HOST:PORT, such as 127.0.0.1:8443'
const splitAddress = (text: string): Address => {
  const [, host = '', port = ''] = HOST_AND_PORT.exec(text) ?? []
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
export const HostAndPort = pattern(HOST_AND_PORT, HOST_AND_PORT_REASON)
  .transform(splitAddress)
  .refine(({ port }) => port <= 65_535, HOST_AND_PORT_REASON)

/** A port of this computer, or HOST:PORT. */
export const ListenAddress = z
  .string()
  .transform(text => (/^\d+$/.test(text) ? `127.0.0.1:${text}` : text))
  .pipe(HostAndPort)

export const Path = pattern(/\S/, 'it must be a path')
export const Eid = pattern(/^\d{32}$/, 'it must be an EID of 32 digits')
export const Iccid = pattern(/^89\d{16,18}F?$/i, 'it must be an ICCID of 18 to 20 digits')
/** ES2+ accepts these (SGP.22 §5.3.2). An empty matching ID makes the order the default one of its EID. */
export const MatchingId = pattern(/^[0-9A-Z-]{0,255}$/, 'it must be a matching ID of A-Z, 0-9 and -')
