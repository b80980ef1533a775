import { join, resolve } from 'node:path'
import { afterTimeout } from '../../host/after-timeout.ts'
import { BenchError } from '../../host/error.ts'
import { ownCertificates, readCertificates } from '../../host/pki/card-pki.ts'
import type { Runtime } from '../../host/runtime.ts'
import { homePath, openHome } from '../../host/state/home.ts'
import type { Emulator, EmulatorSettings } from '../../rigs/emulator/emulator.ts'
import {
  listNamedCards,
  type NamedCard,
  type NamedCards,
  openNamedCard,
  removeNamedCard,
} from '../../rigs/emulator/named-card.ts'
import { getNetworkSocketPath } from '../../rigs/emulator/network-socket.ts'
import { plugIntoTcp } from '../../rigs/emulator/tcp-emulator.ts'
import { plugIntoVpcd } from '../../rigs/emulator/vpcd-emulator.ts'
import { createTerminal, printJson, type Terminal } from '../terminal.ts'
import { waitForInterrupt } from '../wait-for-interrupt.ts'
import type { EmulateOptions } from './rigs-options.ts'

/** The named cards of the state folder. Each card has its own lock, so the folder needs none. */
const getNamedCards = (runtime: Runtime): NamedCards & { readonly pki: string } => {
  const home = openHome(homePath(runtime.environment, runtime.workingFolder), { beside: true })
  return { folder: join(home.cards, 'plugged'), pki: home.pki, clock: runtime.clock, random: runtime.random }
}

const openCard = (runtime: Runtime, { name, curve, certs, protocol }: EmulateOptions): Promise<NamedCard> => {
  const cards = getNamedCards(runtime)
  const context = { random: runtime.random, now: runtime.clock() }
  return openNamedCard(cards, {
    name,
    curve,
    protocol,
    isGiven: certs !== undefined,
    makePki: () =>
      certs === undefined ? ownCertificates(cards.pki, curve, context) : readCertificates(certs, curve, context),
  })
}

const showRigFile = (name: string, link: string): string[] => [
  `  name: ${name}`,
  ...link.split('\n').map(line => `  ${line}`),
]

/** Starts the emulator, and prints how other programs and a rig use it. */
const startEmulator = async (
  runtime: Runtime,
  options: EmulateOptions,
  settings: EmulatorSettings,
  terminal: Terminal,
): Promise<Emulator> => {
  const explain = (...lines: string[]): void => {
    for (const line of lines) terminal.line(line)
    terminal.line('Press Ctrl-C to stop. The card keeps its state.')
  }
  if (options.vpcd) {
    const { host, port } = options.vpcd
    explain(
      `PC/SC programs on the computer with vpcd at ${host}:${port} use it in the reader "Virtual PCD 00 00"`,
      `(the second reader of vpcd, 00 01, stays empty). To use it as a rig, write to rigs/${options.name}.yaml:`,
      ...showRigFile(options.name, 'link:\n  pcsc:\n    reader: Virtual PCD'),
    )
    return plugIntoVpcd(options.vpcd, settings)
  }
  if (options.tcp) {
    const emulator = await plugIntoTcp(options.tcp, settings)
    const address = `${emulator.address.host}:${emulator.address.port}`
    explain(
      `it serves APDU JSON at ${address}. To use it as a rig, write to rigs/${options.name}.yaml:`,
      ...showRigFile(options.name, `link:\n  tcp: ${address}`),
    )
    return emulator
  }
  const { plugIntoPty } = await import('../../rigs/emulator/pty-emulator.ts')
  const { modemOf } = await import('../../rigs/emulator/emulated-modem.ts')
  const link = options.link === undefined ? undefined : resolve(runtime.workingFolder, options.link)
  const { attachThrough } = await import('../../rigs/emulator/bench-network.ts')
  const register = attachThrough(getNetworkSocketPath(homePath(runtime.environment, runtime.workingFolder)))
  const emulator = await plugIntoPty({ link, makeModem: modemOf(getQuirks(options), register) }, settings)
  explain(
    `it is in a modem at ${emulator.path}${link === undefined ? '' : `, also ${link}`}. To use it as a rig, write to rigs/${options.name}.yaml:`,
    ...showRigFile(options.name, `link:\n  modem:\n    port: ${link ?? emulator.path}`),
    'It registers on the network of a bench that runs with the same state folder. Without one it is not registered.',
  )
  return emulator
}

/** `--manners` is the deprecated name of `--quirks`. */
const getQuirks = ({ quirks, manners }: EmulateOptions): string | undefined => quirks ?? manners

export const emulateCommand = async (runtime: Runtime, options: EmulateOptions): Promise<number> => {
  const interfaces = [options.vpcd, options.tcp, options.pty].filter(each => each !== undefined).length
  if (interfaces !== 1)
    throw new BenchError('usage', 'no interface is selected; give one of --vpcd HOST:PORT, --pty and --tcp PORT')
  const quirks = getQuirks(options)
  if (!options.pty && (options.link !== undefined || quirks !== undefined))
    throw new BenchError('usage', '--link and --quirks need --pty')
  // Reject unknown quirks before the card is created.
  if (quirks !== undefined) (await import('../../rigs/emulator/emulated-modem.ts')).modemOf(quirks)
  const terminal = createTerminal(runtime)
  const named = await openCard(runtime, options)
  try {
    terminal.line(`the software eUICC ${named.name}, EID ${named.eid}`)
    const emulator = await startEmulator(
      runtime,
      options,
      {
        card: named.card,
        print: line => terminal.line(line),
        report: error => runtime.err.write(`esim-bench: ${error instanceof Error ? error.message : String(error)}\n`),
        after: afterTimeout,
      },
      terminal,
    )
    try {
      await Promise.race([waitForInterrupt(runtime.interrupt), emulator.over])
    } finally {
      await emulator.pull()
    }
    terminal.line('stopped')
    return 0
  } finally {
    await named.close()
  }
}

export const listCardsCommand = async (runtime: Runtime, options: { readonly json?: boolean }): Promise<number> => {
  const cards = listNamedCards(getNamedCards(runtime))
  if (options.json) printJson(runtime, { cards })
  const terminal = createTerminal(runtime, options.json)
  if (cards.length === 0) terminal.line('no cards exist; create one with: esim-bench euicc emulate')
  const width = Math.max(0, ...cards.map(({ name }) => name.length))
  for (const { name, eid, curve, inUseBy } of cards)
    terminal.line(
      `${name.padEnd(width)}  ${eid ?? '(its certificates cannot be read)'}  ${curve}${inUseBy === null ? '' : `  in use by process ${inUseBy}`}`,
    )
  return 0
}

export const removeCardCommand = async (runtime: Runtime, name: string): Promise<number> => {
  removeNamedCard(getNamedCards(runtime), name)
  createTerminal(runtime).line(`the card ${name} is deleted`)
  return 0
}
