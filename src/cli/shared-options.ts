import { type Command, Option } from 'commander'
import { readCurve, readHostAndPort, readPort } from './options.ts'

export const rig = (): Option => new Option('--rig <name>', 'the rig to use; else the first one that is attached')
export const json = (): Option => new Option('--json', 'the result as one JSON object on the last line')
export const certs = (): Option =>
  new Option('--certs <dir>', 'certificates and keys in the shape of SGP.26, in place of our own')
export const curve = (): Option =>
  new Option('--curve <name>', 'the curve of the certificates: nist or brainpool').argParser(readCurve).default('nist')
export const profile = (): Option =>
  new Option('--profile <file>', 'the profile package to download, in place of one of our own')
export const port = (): Option => new Option('--port <number>', "the dashboard's port on 127.0.0.1").argParser(readPort)
export const ca = (): Option =>
  new Option('--ca <file>', "CA of the server's TLS certificate (PEM), in place of the card's list")
export const connectTo = (): Option =>
  new Option('--connect-to <host:port>', 'where the server is, whatever its name says').argParser(readHostAndPort)

export const record = (): Option => new Option('--record <file>', 'a tape of all that is said with the card')
export const redact = (): Option => new Option('--redact', 'with --record: EID, ICCIDs and IMSIs are replaced')
export const lpac = (): Option =>
  new Option('--lpac', 'the output as lpac prints it, for its front ends').conflicts('json')
export const yes = (): Option => new Option('--yes', 'do it without asking')
export const noNotify = (): Option =>
  new Option('--no-notify', 'leave the notifications of the operation on the card for now')

export const withOptions = (command: Command, ...options: readonly Option[]): Command => {
  for (const option of options) command.addOption(option)
  return command
}

/** Turns a command's work into a commander action; `done` of the program gets the exit code. */
export type Perform = <A extends unknown[]>(
  work: (...args: A) => Promise<number>,
) => (...args: unknown[]) => Promise<void>
