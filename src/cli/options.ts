import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { BenchError } from '../host/error.ts'
import { describeFileError } from '../host/state/file-error.ts'
import { flag, option, text } from './command-line.ts'
import { HostAndPort, Port } from './values.ts'

export const json = () => flag('--json', 'print the result as one JSON object on the last line')
export const yes = () => flag('--yes', 'answer yes to each question')
export const lpac = () => flag('--lpac', 'print the output in the format of lpac', { conflicts: 'json' })
export const certs = () =>
  text('--certs <dir>', 'use the certificates and keys of this folder (SGP.26 layout) instead of the PKI of the bench')
export const curve = () =>
  option('--curve <name>', 'use certificates of this curve', z.enum(['nist', 'brainpool']).default('nist'))
export const ca = () =>
  text('--ca <file>', 'trust the TLS certificates of this CA (PEM) instead of the CI list of the card')
export const connectTo = () =>
  option(
    '--connect-to <host:port>',
    'connect to this address instead of the host of the server',
    HostAndPort.optional(),
  )
export const port = () =>
  option('--port <number>', 'listen on this port of 127.0.0.1 for the dashboard', Port.optional())
export const profilePackage = () => text('--profile <file>', 'download this profile package instead of a generated one')
export const verbose = () => flag('--verbose', 'also write the log to stderr', { isGlobal: true })

/** Options of each command that opens a rig: which rig, which PKI, and a recording. */
export const RigOptions = z.object({
  rig: text('--rig <name>', 'use this rig (default: the first attached rig)'),
  certs: certs(),
  curve: curve(),
  record: text('--record <file>', 'record the exchanges with the card in this file'),
  redact: flag('--redact', 'replace EID, ICCIDs and IMSIs in the recording'),
  verbose: verbose(),
})
export type RigOptions = z.output<typeof RigOptions>
export const RIG_OPTION_NAMES = Object.keys(RigOptions.shape)

/** Options of each command that uses a card. */
export const CardOptions = RigOptions.extend({ json: json(), lpac: lpac() })
export type CardOptions = z.output<typeof CardOptions>

/** Options of each command that opens rig files and PKI, but no rig of its own. */
export const PkiOptions = z.object({ json: json(), certs: certs(), curve: curve(), verbose: verbose() })
export type PkiOptions = z.output<typeof PkiOptions>

export const NoOptions = z.object({})

/** Reads a file that the user named; `what` completes "cannot read the …". */
export const readInput = (path: string, what: string): Uint8Array => {
  try {
    return new Uint8Array(readFileSync(path))
  } catch (error) {
    throw new BenchError('file-unreadable', `cannot read the ${what} ${path}: ${describeFileError(error)}`, {
      cause: error,
    })
  }
}
