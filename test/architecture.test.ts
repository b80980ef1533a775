import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './paths.ts'

interface Module {
  readonly responsibility: string
  /** Modules by path. A module may always import its own files; `*` allows all modules. */
  readonly mayImport: readonly string[]
  /** Opens files, sockets, devices, databases or processes. */
  readonly opens?: true
}

/**
 * The map of the project: each module in reading order, below `src` unless the path says otherwise.
 * A file belongs to the longest path that contains it.
 */
const MODULES: Readonly<Record<string, Module>> = {
  asn1: { responsibility: 'converts bytes to values: BER-TLV, schemas; knows no telecom', mayImport: [] },
  apdu: { responsibility: 'commands, status words, logical channels, card layers; knows no eSIM', mayImport: [] },
  rsp: { responsibility: 'SGP.22 as tables and pure functions', mayImport: ['asn1'] },
  profile: { responsibility: 'profile packages, card file system, AKA algorithms; pure', mayImport: ['asn1'] },
  pcsc: { responsibility: 'a Card over a PC/SC reader', mayImport: ['apdu'] },
  modem: { responsibility: 'a Card and the radio over an AT modem', mayImport: ['apdu'] },
  euicc: {
    responsibility: 'the software eUICC and its protocol emulators',
    mayImport: ['asn1', 'apdu', 'rsp', 'profile'],
  },
  lpa: {
    responsibility: 'the procedures of the device over a Channel and a Fetch',
    mayImport: ['asn1', 'apdu', 'rsp'],
  },
  app: { responsibility: 'the Mobile Plans app as a state machine', mayImport: ['rsp'] },
  'server/rsp-server': {
    responsibility: 'what SM-DP+ and SM-DS share: HTTP binding, choice of the CI, certificate chains, transactions',
    mayImport: ['asn1', 'rsp'],
  },
  'server/smdp': { responsibility: 'SM-DP+: ES9+, ES2+', mayImport: ['asn1', 'rsp', 'profile', 'server/rsp-server'] },
  'server/smds': { responsibility: 'SM-DS: ES11, ES12, ES15', mayImport: ['asn1', 'rsp', 'server/rsp-server'] },
  'server/plans': { responsibility: 'the Mobile Plans service', mayImport: ['rsp'] },
  'server/portal': { responsibility: 'the web portal of the operator', mayImport: ['rsp'] },
  'server/operator': { responsibility: 'operator API, subscriptions, orders', mayImport: ['rsp', 'profile'] },
  'server/network': { responsibility: 'AuC and registration', mayImport: ['profile'] },
  host: {
    responsibility: 'this computer: state folder, files, YAML, sockets, TLS, PKI files, serial devices',
    mayImport: ['asn1', 'apdu', 'rsp'],
    opens: true,
  },
  evidence: {
    responsibility: 'events of a run: recorder, redaction, evidence files, recordings',
    mayImport: ['asn1', 'apdu', 'rsp', 'host'],
    opens: true,
  },
  rigs: {
    responsibility: 'turns a rig file into a Card: discovery, identity, protection, learned facts',
    mayImport: ['asn1', 'apdu', 'rsp', 'lpa', 'pcsc', 'modem', 'euicc', 'host', 'evidence'],
    opens: true,
  },
  services: {
    responsibility: 'runs the servers of the bench on sockets',
    mayImport: [
      'asn1',
      'rsp',
      'profile',
      'server/rsp-server',
      'server/smdp',
      'server/smds',
      'server/plans',
      'server/portal',
      'server/operator',
      'server/network',
      'host',
      'evidence',
      'services/store',
    ],
  },
  'services/store': {
    responsibility: 'stores of SM-DP+ and SM-DS in SQLite and PostgreSQL',
    mayImport: ['host', 'server/smdp', 'server/smds'],
    opens: true,
  },
  'services/inventory': {
    responsibility: 'reads an inventory file and applies it to a store',
    mayImport: ['asn1', 'rsp', 'profile', 'host', 'server/smdp', 'services/smdp'],
    opens: true,
  },
  'services/smdp': {
    responsibility: 'the stand-alone SM-DP+ with its stock, operators and faults',
    mayImport: [
      'asn1',
      'rsp',
      'profile',
      'server/smdp',
      'server/smds',
      'server/operator',
      'host',
      'services',
      'services/inventory',
      'services/store',
    ],
    opens: true,
  },
  bench: {
    responsibility: 'opens rigs, stores and settings for one command; types of the HTTP API',
    mayImport: ['rsp', 'app', 'host', 'evidence', 'rigs'],
  },
  'bench/device': {
    responsibility: 'the device of a run: app, LPA and modem over one card',
    mayImport: ['asn1', 'apdu', 'rsp', 'lpa', 'app', 'modem', 'host', 'evidence', 'bench', 'bench/run'],
  },
  'bench/run': {
    responsibility: 'runs scenarios, decides verdict and cause',
    mayImport: [
      'asn1',
      'apdu',
      'rsp',
      'lpa',
      'app',
      'euicc',
      'modem',
      'server/smdp',
      'server/operator',
      'host',
      'evidence',
      'rigs',
      'services',
      'bench',
      'bench/device',
      'bench/store',
    ],
  },
  'bench/store': {
    responsibility: 'rows of runs, rebuilt from evidence',
    mayImport: ['evidence', 'host', 'bench'],
    opens: true,
  },
  'bench/api': {
    responsibility: 'HTTP API and live events of the dashboard',
    mayImport: ['rsp', 'app', 'host', 'evidence', 'rigs', 'bench', 'bench/run', 'bench/device'],
    opens: true,
  },
  '../benchmarks': {
    responsibility: 'measures exchanges, downloads and servers: `npm run bench`',
    mayImport: ['*'],
    opens: true,
  },
  cli: { responsibility: 'commands; the only code that prints', mayImport: ['*'], opens: true },
  'cli/card': { responsibility: 'the `card` commands', mayImport: ['*'], opens: true },
  'cli/rigs': { responsibility: 'the `rigs`, `doctor` and `euicc` commands', mayImport: ['*'], opens: true },
  'cli/run': { responsibility: 'the `start`, `run`, `serve` and `bench` commands', mayImport: ['*'], opens: true },
  'cli/shell': { responsibility: 'the `card shell` and `card apdu` commands', mayImport: ['*'], opens: true },
  'cli/download': { responsibility: 'the `card download` command', mayImport: ['*'], opens: true },
  'cli/lpac': { responsibility: 'the `lpac` and `as-lpac` commands', mayImport: ['*'], opens: true },
  'cli/smdp': { responsibility: 'the `smdp` commands', mayImport: ['*'], opens: true },
}
/** Sub-folders of these modules need a row of their own. */
const SPLIT_MODULES = ['server', 'services', 'bench', 'cli']
/** Only `cli` and its folders may import all modules; benchmarks all but `cli`. */
const MAY_IMPORT_ALL = /^(cli(\/|$)|\.\.\/benchmarks$)/
const OPENING_MODULES = [
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
/** Packages that belong to one module. */
const DRIVERS: Readonly<Record<string, readonly string[]>> = { pcsc: ['smartcard', 'pcsclite'], modem: ['serialport'] }
const FORBIDDEN_NAMES = /^(utils?|common|helpers?|managers?|base|misc|lib|types|index)$/
const MAX_LINES = 500
const MAX_FILES_PER_FOLDER = 18
/** No module but `cli` holds more than this share of the lines. */
const MAX_SHARE = 0.15

const src = join(ROOT, 'src')
const walk = (folder: string): string[] =>
  readdirSync(folder).flatMap(name => {
    if (name === 'node_modules' || name === 'dist') return []
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path) : [path]
  })
const sources = [...walk(src), ...walk(join(ROOT, 'benchmarks'))].filter(path => path.endsWith('.ts'))
const contents = new Map(sources.map(path => [path, readFileSync(path, 'utf8')]))
const paths = Object.keys(MODULES).sort((a, b) => b.length - a.length)
const getModule = (path: string): string =>
  paths.find(module => relative(src, path).startsWith(`${module}/`)) ?? relative(src, path)
const getImports = (path: string): string[] =>
  [
    ...contents
      .get(path)!
      .matchAll(/^\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)|^import\s+'([^']+)'/gm),
  ].map(match => (match[1] ?? match[2] ?? match[3]) as string)

describe('architecture', () => {
  it('MODULES has a row for each folder that holds sources', () => {
    const missing = sources.map(getModule).filter(module => !(module in MODULES))
    expect(missing).toEqual([])
    for (const folder of SPLIT_MODULES)
      for (const name of readdirSync(join(src, folder)))
        if (statSync(join(src, folder, name)).isDirectory()) expect(MODULES).toHaveProperty([`${folder}/${name}`])
  })

  it('MODULES has no row without sources', () => {
    const used = new Set(sources.map(getModule))
    expect(Object.keys(MODULES).filter(module => !used.has(module))).toEqual([])
  })

  it.each(sources.map(path => [relative(ROOT, path), path]))('%s imports only what its module may', (_name, path) => {
    const module = getModule(path)
    const { mayImport, opens } = MODULES[module]!
    for (const specifier of getImports(path)) {
      if (specifier.startsWith('.')) {
        const target = getModule(resolve(dirname(path), specifier))
        const isAllowed = target === module || mayImport.includes('*') || mayImport.includes(target)
        expect(isAllowed, `${module} must not import ${target} (${specifier})`).toBe(true)
        if (!module.startsWith('cli')) expect(target, `${module} must not import cli`).not.toMatch(/^cli(\/|$)/)
      } else if (!opens && specifier.startsWith('node:'))
        expect(OPENING_MODULES, `${module} must not open things`).not.toContain(specifier.slice(5))
    }
    for (const [owner, packages] of Object.entries(DRIVERS))
      if (owner !== module)
        for (const name of packages) expect(getImports(path), `${name} belongs to ${owner}`).not.toContain(name)
  })

  it('only cli and benchmarks may import all modules', () => {
    const all = Object.keys(MODULES).filter(module => MODULES[module]!.mayImport.includes('*'))
    expect(all.filter(module => !MAY_IMPORT_ALL.test(module))).toEqual([])
  })

  it('only cli prints', () => {
    const printing = sources.filter(
      path =>
        path.startsWith(src) &&
        !getModule(path).startsWith('cli') &&
        /\bconsole\.|process\.(stdout|stderr)\b/.test(contents.get(path)!),
    )
    expect(printing.map(path => relative(ROOT, path))).toEqual([])
  })

  it('no module but cli holds more than 15 % of the lines', () => {
    const count = (path: string): number => contents.get(path)!.split('\n').length
    const total = sources.reduce((sum, path) => sum + count(path), 0)
    const shares = new Map<string, number>()
    for (const path of sources) {
      const module = relative(src, path).split('/')[0]!
      shares.set(module, (shares.get(module) ?? 0) + count(path) / total)
    }
    const large = [...shares].filter(([module, share]) => module !== 'cli' && share > MAX_SHARE)
    expect(large).toEqual([])
  })

  it('the imports have no cycle', () => {
    const graph = new Map(
      sources.map(path => [
        path,
        getImports(path)
          .filter(specifier => specifier.startsWith('.'))
          .map(specifier => resolve(dirname(path), specifier)),
      ]),
    )
    const done = new Set<string>()
    const visit = (path: string, trail: string[]): void => {
      if (trail.includes(path)) {
        const cycle = [...trail.slice(trail.indexOf(path)), path]
        throw new Error(`cycle: ${cycle.map(each => relative(ROOT, each)).join(' -> ')}`)
      }
      if (done.has(path)) return
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const path of sources) visit(path, [])
  })

  it('file and folder names are kebab-case and name their content', () => {
    for (const path of sources)
      for (const part of relative(ROOT, path).replace(/\.ts$/, '').split('/')) {
        expect(part, path).not.toMatch(FORBIDDEN_NAMES)
        expect(part, `${path}: kebab-case`).toMatch(/^[a-z0-9][a-z0-9-]*$/)
      }
  })

  it('no file is longer than 500 lines', () => {
    const long = ['src', 'benchmarks', 'test', 'dashboard']
      .flatMap(folder => walk(join(ROOT, folder)))
      .filter(path => /\.tsx?$/.test(path))
      .map(path => [relative(ROOT, path), readFileSync(path, 'utf8').split('\n').length] as const)
      .filter(([, lines]) => lines > MAX_LINES)
    expect(long).toEqual([])
  })

  it('no folder holds more than 18 files', () => {
    const counts = new Map<string, number>()
    for (const path of ['src', 'benchmarks', 'test', 'dashboard/src'].flatMap(folder => walk(join(ROOT, folder))))
      counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
    const full = [...counts].filter(([, count]) => count > MAX_FILES_PER_FOLDER)
    expect(full.map(([folder, count]) => `${relative(ROOT, folder)}: ${count}`)).toEqual([])
  })
})
