import { join, resolve } from 'node:path'
import { afterTimeout } from '../after-timeout.ts'
import { BenchError } from '../error.ts'
import { homePath, openHome } from '../home/home.ts'
import type { Address } from '../net/address-book.ts'
import { ownCertificates, readCertificates } from '../pki/card-pki.ts'
import { listNamedCards, type NamedCard, type NamedCards, openNamedCard, removeNamedCard } from '../plug/named-card.ts'
import type { Plug, PlugSettings } from '../plug/plug.ts'
import { plugIntoTcp } from '../plug/tcp-plug.ts'
import { plugIntoVpcd } from '../plug/vpcd-plug.ts'
import { networkSocketOf } from '../services/network-socket.ts'
import { interrupted } from './interrupted.ts'
import type { PkiOptions } from './options.ts'
import { createTerminal, printJson, type Terminal, type World } from './terminal.ts'

export interface PlugOptions extends PkiOptions {
  readonly name: string
  readonly protocol: 't0' | 't1'
  readonly vpcd?: Address
  readonly tcp?: Address
  readonly pty?: boolean
  readonly link?: string
  readonly manners?: string
}

/** The cards of the state folder, beside whoever else is at work in it. */
const cardsOf = (world: World): NamedCards & { readonly pki: string } => {
  const home = openHome(homePath(world.environment, world.workingFolder), { beside: true })
  return { folder: join(home.cards, 'plugged'), pki: home.pki, clock: world.clock, random: world.random }
}

const openCard = (world: World, { name, curve, certs, protocol }: PlugOptions): Promise<NamedCard> => {
  const cards = cardsOf(world)
  const context = { random: world.random, now: world.clock() }
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
  world: World,
  options: PlugOptions,
  settings: PlugSettings,
  terminal: Terminal,
): Promise<Plug> => {
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
  const { plugIntoPty } = await import('../plug/pty-plug.ts')
  const { modemOf } = await import('../plug/emulated-modem.ts')
  const link = options.link === undefined ? undefined : resolve(world.workingFolder, options.link)
  const { attachThrough } = await import('../plug/bench-network.ts')
  const register = attachThrough(networkSocketOf(homePath(world.environment, world.workingFolder)))
  const plug = await plugIntoPty({ link, makeModem: modemOf(options.manners, register) }, settings)
  next(
    `it is in a modem at ${plug.path}${link === undefined ? '' : `, also ${link}`}. As a rig, in rigs/${options.name}.yaml:`,
    ...rigFile(options.name, `link:\n  modem:\n    port: ${link ?? plug.path}`),
    'its network is that of the bench that runs with the same state folder; while none does, it is not registered.',
  )
  return plug
}

export const plugCommand = async (world: World, options: PlugOptions): Promise<number> => {
  const ways = [options.vpcd, options.tcp, options.pty].filter(way => way !== undefined).length
  if (ways !== 1)
    throw new BenchError('wrong-use', 'where should the card go? give one of --vpcd HOST:PORT, --pty and --tcp PORT')
  if (!options.pty && (options.link !== undefined || options.manners !== undefined))
    throw new BenchError('wrong-use', '--link and --manners belong to --pty')
  // Manners that nobody has are found out before a card is made for them.
  if (options.manners !== undefined) (await import('../plug/emulated-modem.ts')).modemOf(options.manners)
  const terminal = createTerminal(world)
  const named = await openCard(world, options)
  try {
    terminal.line(`the software eUICC ${named.name}, EID ${named.eid}`)
    const plug = await plugIn(
      world,
      options,
      {
        card: named.card,
        say: line => terminal.line(line),
        report: error => world.err.write(`esim-bench: ${error instanceof Error ? error.message : String(error)}\n`),
        after: afterTimeout,
      },
      terminal,
    )
    try {
      await Promise.race([interrupted(world.interrupt), plug.over])
    } finally {
      await plug.pull()
    }
    terminal.line('pulled out')
    return 0
  } finally {
    await named.close()
  }
}

export const listCardsCommand = async (world: World, options: { readonly json?: boolean }): Promise<number> => {
  const cards = listNamedCards(cardsOf(world))
  if (options.json) printJson(world, { cards })
  const terminal = createTerminal(world, options.json)
  if (cards.length === 0) terminal.line('no cards yet: esim-bench euicc plug makes one')
  const width = Math.max(0, ...cards.map(({ name }) => name.length))
  for (const { name, eid, curve, inUseBy } of cards)
    terminal.line(
      `${name.padEnd(width)}  ${eid ?? 'its certificates cannot be read'}  ${curve}${inUseBy === null ? '' : `  plugged in by process ${inUseBy}`}`,
    )
  return 0
}

export const removeCardCommand = async (world: World, name: string): Promise<number> => {
  removeNamedCard(cardsOf(world), name)
  createTerminal(world).line(`the card ${name} is removed`)
  return 0
}
