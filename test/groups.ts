import type { TestProjectInlineConfiguration } from 'vitest/config'

/** `npm run test:NAME` runs one group; `npm test` runs all groups. */
export type GroupName = 'unit' | 'servers' | 'hardware' | 'page'

interface Group {
  readonly responsibility: string
  /** Folders and files below `test`. A file belongs to the longest path that contains it. */
  readonly paths: readonly string[]
}

/** Assigns each test file to exactly one group. `groups.test.ts` checks that no file is missing and no path is unused. */
export const GROUPS: Readonly<Record<GroupName, Group>> = {
  unit: {
    responsibility: 'pure modules and the rules of the project: no sockets, no processes; under 30 s on two idle cores',
    paths: [
      'architecture.test.ts',
      'closing-reporter.test.ts',
      'documentation.test.ts',
      'how-to-add.test.ts',
      'groups.test.ts',
      'vocabulary.test.ts',
      'asn1',
      'apdu',
      'rsp',
      'profile',
      'euicc',
      'lpa',
      'app',
      'modem',
    ],
  },
  servers: {
    responsibility: 'server modules, stores, sockets, processes, the CLI, and long computations',
    paths: [
      'bench',
      'benchmarks',
      'cli',
      'conformance',
      'euicc/flipped-bytes.test.ts',
      'evidence',
      'host',
      'rigs',
      'rsp/package/package.test.ts',
      'server',
      'services',
    ],
  },
  hardware: {
    responsibility: 'readers, modems and emulators: pcscd with a virtual reader, ttys',
    paths: [
      'bench/run/activate-hardware.test.ts',
      'cli/card/modem-card.test.ts',
      'cli/card/pcsc-card.test.ts',
      'cli/card/pcsc-processes.test.ts',
      'euicc/emulator',
      'modem/at/serial-port.test.ts',
      'pcsc',
      'rigs/emulator',
      'rigs/links',
    ],
  },
  page: {
    responsibility: 'the dashboard and the portal frame, in Chromium where the test needs a browser',
    paths: ['app/portal/portal-frame.chromium.test.ts', 'dashboard'],
  },
}

const contains = (path: string, other: string): boolean => other === path || other.startsWith(`${path}/`)
const toGlob = (path: string): string => (path.endsWith('.ts') ? `test/${path}` : `test/${path}/**/*.test.ts`)

/** The groups of a test file, with the path below `test` that assigns it: one, where the table is correct. */
export const findGroups = (file: string): { readonly name: string; readonly path: string }[] => {
  const matches = Object.entries(GROUPS).flatMap(([name, { paths }]) =>
    paths.filter(path => contains(path, file)).map(path => ({ name, path })),
  )
  const longest = Math.max(...matches.map(({ path }) => path.length))
  return matches.filter(({ path }) => path.length === longest)
}

/** The vitest project of each group: its paths, without longer paths of other groups. */
export const createProjects = (): TestProjectInlineConfiguration[] =>
  Object.entries(GROUPS).map(([name, { paths }]) => {
    const others = Object.entries(GROUPS).flatMap(([other, group]) => (other === name ? [] : group.paths))
    return {
      extends: true,
      test: {
        name,
        include: paths.map(toGlob),
        exclude: others.filter(other => paths.some(path => contains(path, other))).map(toGlob),
        // Pure modules share one module graph per worker: importing them again for each file takes longer than the tests.
        isolate: name !== 'unit',
      },
    }
  })
