import { join, resolve } from 'node:path'
import type { PkiOptions } from '../../bench/context.ts'
import { afterTimeout } from '../../host/after-timeout.ts'
import { BenchError } from '../../host/error.ts'
import type { Address } from '../../host/net/address-book.ts'
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
import { networkSocketOf } from '../../rigs/emulator/network-socket.ts'
import { plugIntoTcp } from '../../rigs/emulator/tcp-emulator.ts'
import { plugIntoVpcd } from '../../rigs/emulator/vpcd-emulator.ts'
import { interrupted } from '../interrupted.ts'
import { createTerminal, printJson, type Terminal } from '../terminal.ts'

export interface EmulatorOptions extends PkiOptions {
  readonly name: string
  readonly protocol: 't0' | 't1'
  readonly vpcd?: Address
  readonly tcp?: Address
  readonly pty?: boolean
  readonly link?: string
  readonly manners?: string
}

/** The cards of the state folder, beside whoever else is at work in it. */
const cardsOf = (runtime: Runtime): NamedCards & { readonly pki: string } => {
  const home = openHome(homePath(runtime.environment, runtime.workingFolder), { beside: true })
  return { folder: join(home.cards, 'plugged'), pki: home.pki, clock: runtime.clock, random: runtime.random }
}

const openCard = (runtime: Runtime, { name, curve, certs, protocol }: EmulatorOptions): Promise<NamedCard> => {
  const cards = cardsOf(runtime)
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

const rigFile = (name: string, link: string): string[] => [
  `  name: ${name}`,
  ...link.split('\n').map(line => `  ${line}`),
]

/** Puts the plug in, and says what to do with it. */
const plugIn = async (
  runtime: Runtime,
  options: EmulatorOptions,
  settings: EmulatorSettings,
  terminal: Terminal,
): Promise<Emulator> => {
  const next = (...lines: string[]): void => {
    for (const line of lines) terminal.line(line)
    terminal.line('Ctrl-C pulls it out; its state is kept.')
  }
  if (options.vpcd) {
    const { host, port } = options.vpcd
    next(
      `every PC/SC program of the machine with vpcd at ${host}:${port} sees it, in the reader "Virtual PCD 00 00"`,
      `(vpcd has a second reader, 00 01, which stays empty). As a rig, in rigs/${options.name}.yaml:`,
      ...rigFile(options.name, 'link:\n  pcsc:\n    reader: Virtual PCD'),
    )
    return plugIntoVpcd(options.vpcd, settings)
  }
  if (options.tcp) {
    const plug = await plugIntoTcp(options.tcp, settings)
    const at = `${plug.address.host}:${plug.address.port}`
    next(
      `it answers APDU JSON at ${at}. As a rig, in rigs/${options.name}.yaml:`,
      ...rigFile(options.name, `link:\n  tcp: ${at}`),
    )
    return plug
  }
  const { plugIntoPty } = await import('../../rigs/emulator/pty-emulator.ts')
  const { modemOf } = await import('../../rigs/emulator/emulated-modem.ts')
  const link = options.link === undefined ? undefined : resolve(runtime.workingFolder, options.link)
  const { attachThrough } = await import('../../rigs/emulator/bench-network.ts')
  const register = attachThrough(networkSocketOf(homePath(runtime.environment, runtime.workingFolder)))
  const plug = await plugIntoPty({ link, makeModem: modemOf(options.manners, register) }, settings)
  next(
    `it is in a modem at ${plug.path}${link === undefined ? '' : `, also ${link}`}. As a rig, in rigs/${options.name}.yaml:`,
    ...rigFile(options.name, `link:\n  modem:\n    port: ${link ?? plug.path}`),
    'its network is that of the bench that runs with the same state folder; while none does, it is not registered.',
  )
  return plug
}

export const plugCommand = async (runtime: Runtime, options: EmulatorOptions): Promise<number> => {
  const ways = [options.vpcd, options.tcp, options.pty].filter(way => way !== undefined).length
  if (ways !== 1)
    throw new BenchError('usage', 'where should the card go? give one of --vpcd HOST:PORT, --pty and --tcp PORT')
  if (!options.pty && (options.link !== undefined || options.manners !== undefined))
    throw new BenchError('usage', '--link and --manners belong to --pty')
  // ModemQuirks that nobody has are found out before a card is made for them.
  if (options.manners !== undefined) (await import('../../rigs/emulator/emulated-modem.ts')).modemOf(options.manners)
  const terminal = createTerminal(runtime)
  const named = await openCard(runtime, options)
  try {
    terminal.line(`the software eUICC ${named.name}, EID ${named.eid}`)
    const plug = await plugIn(
      runtime,
      options,
      {
        card: named.card,
        say: line => terminal.line(line),
        report: error => runtime.err.write(`esim-bench: ${error instanceof Error ? error.message : String(error)}\n`),
        after: afterTimeout,
      },
      terminal,
    )
    try {
      await Promise.race([interrupted(runtime.interrupt), plug.over])
    } finally {
      await plug.pull()
    }
    terminal.line('pulled out')
    return 0
  } finally {
    await named.close()
  }
}

export const listCardsCommand = async (runtime: Runtime, options: { readonly json?: boolean }): Promise<number> => {
  const cards = listNamedCards(cardsOf(runtime))
  if (options.json) printJson(runtime, { cards })
  const terminal = createTerminal(runtime, options.json)
  if (cards.length === 0) terminal.line('no cards yet: esim-bench euicc plug makes one')
  const width = Math.max(0, ...cards.map(({ name }) => name.length))
  for (const { name, eid, curve, inUseBy } of cards)
    terminal.line(
      `${name.padEnd(width)}  ${eid ?? 'its certificates cannot be read'}  ${curve}${inUseBy === null ? '' : `  plugged in by process ${inUseBy}`}`,
    )
  return 0
}

export const removeCardCommand = async (runtime: Runtime, name: string): Promise<number> => {
  removeNamedCard(cardsOf(runtime), name)
  createTerminal(runtime).line(`the card ${name} is removed`)
  return 0
}
