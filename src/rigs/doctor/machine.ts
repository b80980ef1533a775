import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type HoldingProcess, holdersOf, processesCalled } from '../../host/machine/port-holders.ts'
import { listSerialDevices, type SerialDevice } from '../../host/machine/serial-devices.ts'
import { PACKAGE_FOLDER } from '../../host/version.ts'
import { listReaders, type Reader } from '../../pcsc/readers.ts'
import { pcscdAnswers } from '../links/pcscd-probe.ts'

/** The facts about a computer that the doctor needs. */
export interface Machine {
  readonly platform: string
  readonly nodeVersion: string
  readonly user: { readonly name: string; readonly isRoot: boolean; readonly groups: readonly string[] }
  /** The group of a file; undefined if it is unknown. */
  groupOf(path: string): string | undefined
  mayUse(path: string): boolean
  exists(path: string): boolean
  /** Rejects if the npm package does not load. */
  load(packageName: string): Promise<unknown>
  /** Rejects with a PcscError. */
  readers(): Promise<readonly Reader[]>
  serialDevices(): readonly SerialDevice[]
  holdersOf(path: string): readonly HoldingProcess[]
  processesCalled(name: string): readonly HoldingProcess[]
  isPortFree(port: number): Promise<boolean>
  /** When this package was built: a correct clock is later. */
  readonly builtAt: Date
  now(): Date
}

const groupNames = (): ReadonlyMap<number, string> => {
  try {
    return new Map(
      readFileSync('/etc/group', 'utf8')
        .split('\n')
        .map(line => line.split(':'))
        .filter(fields => fields.length >= 3)
        .map(([name, , number]) => [Number(number), name!]),
    )
  } catch {
    return new Map()
  }
}

export const thisMachine = (now: () => Date): Machine => {
  const names = groupNames()
  const tryTo = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch {
      return undefined
    }
  }
  return {
    platform: process.platform,
    nodeVersion: process.versions.node,
    user: {
      name: tryTo(() => userInfo().username) ?? `${process.getuid?.() ?? 'unknown'}`,
      isRoot: process.getuid?.() === 0,
      groups: (process.getgroups?.() ?? []).map(number => names.get(number) ?? `${number}`),
    },
    groupOf: path => tryTo(() => names.get(statSync(path).gid)),
    mayUse: path =>
      tryTo(() => {
        accessSync(path, constants.R_OK | constants.W_OK)
        return true
      }) ?? false,
    exists: existsSync,
    load: name => import(name),
    readers: () => listReaders({ answers: pcscdAnswers }),
    serialDevices: () => listSerialDevices(),
    holdersOf: path => holdersOf(path),
    processesCalled: name => processesCalled(name),
    isPortFree: port =>
      new Promise(resolve => {
        const probe = createServer()
        probe.once('error', () => resolve(false))
        probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
      }),
    builtAt: tryTo(() => statSync(join(PACKAGE_FOLDER, 'package.json')).mtime) ?? new Date(0),
    now,
  }
}
