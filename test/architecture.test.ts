import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

/** The map: each room, in reading order, its charge, and the rooms it may import. */
const ROOMS: Record<string, { charge: string; mayImport: string[] }> = {
  asn1: { charge: 'bytes <-> values: BER-TLV and schemas; knows no telecom', mayImport: [] },
  apdu: { charge: 'the card waist: Channel, commands, status words, chaining; knows no eSIM', mayImport: [] },
  rsp: { charge: 'SGP.22 as tables and pure functions', mayImport: ['asn1'] },
  profile: { charge: 'profile packages, the file tree of a card, AKA algorithms; pure', mayImport: ['asn1'] },
  pcsc: { charge: 'a Card over a PC/SC reader', mayImport: ['apdu'] },
  modem: { charge: 'a Card over an AT modem, and what only a modem tells', mayImport: ['apdu'] },
  euicc: { charge: 'the software eUICC', mayImport: ['asn1', 'apdu', 'rsp', 'profile'] },
  lpa: { charge: "the device's procedures over a Channel and a Fetch", mayImport: ['asn1', 'apdu', 'rsp'] },
  app: { charge: 'the Mobile Plans app as a state machine', mayImport: ['rsp'] },
  'server/rsp-server': {
    charge:
      'what SM-DP+ and SM-DS have in common: a table as an HTTP server, choice of CI, the chain of a card, transactions',
    mayImport: ['asn1', 'rsp'],
  },
  'server/smdp': { charge: 'SM-DP+: ES9+ and ES2+', mayImport: ['asn1', 'rsp', 'profile', 'server/rsp-server'] },
  'server/smds': { charge: 'SM-DS: ES11 and ES12', mayImport: ['asn1', 'rsp', 'server/rsp-server'] },
  'server/plans': { charge: 'the Mobile Plans service', mayImport: ['rsp'] },
  'server/portal': { charge: "the operator's web portal", mayImport: ['rsp'] },
  'server/operator': { charge: 'the operator API, subscriptions, orders', mayImport: ['rsp', 'profile'] },
  'server/network': { charge: 'AuC and registration', mayImport: ['profile'] },
  bench: { charge: 'binds rigs, runs scenarios, keeps evidence; the one room that knows the others', mayImport: ['*'] },
}
/** Node modules that open the world; only the bench may (CONTRIBUTING, "only the bench opens things"). */
const OPENS_THINGS = [
  'fs',
  'fs/promises',
  'net',
  'tls',
  'http',
  'https',
  'http2',
  'dgram',
  'child_process',
  'worker_threads',
]
/** A room whose charge is a device may load its driver. */
const DRIVERS: Record<string, string[]> = { pcsc: ['smartcard', 'pcsclite'], modem: ['serialport'] }
const FORBIDDEN_NAMES = /^(utils?|common|helpers?|managers?|base|misc|lib|types|index)$/
/** Tables and vectors may be long; each entry says which it is. */
const LONG_FILES: Record<string, string> = {}
const MAX_LINES = 500

const root = resolve(import.meta.dirname, '..')
const walk = (folder: string): string[] =>
  readdirSync(folder).flatMap(name => {
    if (name === 'node_modules' || name === 'dist') return []
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path) : [path]
  })
const sources = walk(join(root, 'src')).filter(path => path.endsWith('.ts'))
const roomOf = (path: string): string => {
  const inside = relative(join(root, 'src'), path).split('/')
  return inside[0] === 'server' ? inside.slice(0, 2).join('/') : (inside[0] ?? '')
}
const importsOf = (path: string): string[] =>
  [
    ...readFileSync(path, 'utf8').matchAll(
      /^\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)|^import\s+'([^']+)'/gm,
    ),
  ].map(match => (match[1] ?? match[2] ?? match[3]) as string)

describe('the architecture', () => {
  it.each(sources.map(path => [relative(root, path), path]))('%s imports only what its room may', (_name, path) => {
    const room = roomOf(path)
    expect(ROOMS, `no such room: ${room}`).toHaveProperty([room])
    const { mayImport } = ROOMS[room]!
    for (const specifier of importsOf(path)) {
      if (specifier.startsWith('.')) {
        const target = roomOf(resolve(dirname(path), specifier))
        const allowed = target === room || mayImport.includes('*') || mayImport.includes(target)
        expect(allowed, `${room} must not import ${target} (${specifier})`).toBe(true)
      } else if (room !== 'bench' && specifier.startsWith('node:')) {
        expect(OPENS_THINGS, `only the bench opens things, not ${room}`).not.toContain(specifier.slice(5))
      }
    }
    for (const [owner, packages] of Object.entries(DRIVERS))
      if (owner !== room && room !== 'bench')
        for (const name of packages) expect(importsOf(path), `${name} belongs to ${owner}`).not.toContain(name)
  })

  it('has no import cycles', () => {
    const graph = new Map(
      sources.map(path => [
        path,
        importsOf(path)
          .filter(s => s.startsWith('.'))
          .map(s => resolve(dirname(path), s)),
      ]),
    )
    const done = new Set<string>()
    const visit = (path: string, trail: string[]): void => {
      if (trail.includes(path))
        throw new Error(
          `cycle: ${[...trail.slice(trail.indexOf(path)), path].map(p => relative(root, p)).join(' -> ')}`,
        )
      if (done.has(path)) return
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of sources) visit(path, [])
  })

  it('names files and folders for what they hold', () => {
    for (const path of walk(join(root, 'src')))
      for (const part of relative(join(root, 'src'), path).replace(/\.ts$/, '').split('/')) {
        expect(part, path).not.toMatch(FORBIDDEN_NAMES)
        expect(part, `${path}: kebab-case`).toMatch(/^[a-z0-9][a-z0-9-]*$/)
      }
  })

  it('keeps files short', () => {
    const long = ['src', 'test', 'dashboard']
      .flatMap(folder => walk(join(root, folder)))
      .filter(path => /\.tsx?$/.test(path) && !(relative(root, path) in LONG_FILES))
      .map(path => [relative(root, path), readFileSync(path, 'utf8').split('\n').length] as const)
      .filter(([, lines]) => lines > MAX_LINES)
    expect(long).toEqual([])
  })
})
