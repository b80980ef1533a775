import { BenchError } from '../../host/error.ts'
import { type DoctorFinding, ok, problem, warning } from './finding.ts'
import type { Machine } from './machine.ts'

/** The minimum version of Node, as in package.json. */
const OLDEST_NODE = [20, 19] as const

export const checkNode = ({ nodeVersion, platform }: Machine): DoctorFinding => {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]))
    return ok('Node', `${nodeVersion} on ${platform}`)
  return problem(
    'Node',
    `${nodeVersion} is too old`,
    `install Node ${OLDEST_NODE.join('.')} or newer, then run npm ci again`,
  )
}

interface NativePackage {
  readonly name: string
  /** The function that needs the package. */
  readonly for: string
  readonly todo: string
}
const PCSC_REMEDY =
  'install libpcsclite-dev and a C++ compiler (Debian: apt install pcscd libpcsclite-dev build-essential), then npm ci'
const NATIVE: readonly NativePackage[] = [
  { name: 'smartcard', for: 'PC/SC readers', todo: PCSC_REMEDY },
  {
    name: 'pcsclite',
    for: 'PC/SC readers if smartcard does not load or a rig requires pcsclite',
    todo: `${PCSC_REMEDY}; the package is compiled for one version of Node: after a change of Node, run npm rebuild pcsclite`,
  },
  { name: 'serialport', for: 'modems', todo: 'run npm ci; compiling the package needs a C++ compiler and python3' },
  {
    name: 'node-pty',
    for: 'euicc emulate --pty, a software modem on a tty',
    todo: 'run npm ci; compiling the package needs a C++ compiler, make and python3',
  },
]

/** Checks the optional packages. */
export const checkBindings = async (machine: Machine): Promise<DoctorFinding[]> => {
  const findings: DoctorFinding[] = []
  for (const { name, for: purpose, todo } of NATIVE)
    findings.push(
      await machine.load(name).then(
        () => ok(`npm ${name}`, `loads (${purpose})`),
        () => warning(`npm ${name}`, `does not load; not available: ${purpose}`, todo),
      ),
    )
  return findings
}

/** Test certificates have expired by then. */
const TOO_FAR_MS = 20 * 365 * 86_400_000

/** A wrong clock makes the validation of each certificate chain fail. */
export const checkClock = ({ builtAt, now }: Machine): DoctorFinding => {
  const at = now()
  const todo = 'set the clock (timedatectl set-ntp true): the validity of certificates depends on it'
  if (at.getTime() < builtAt.getTime() - 86_400_000)
    return problem('clock', `${at.toISOString()} is before this package was installed`, todo)
  if (at.getTime() > builtAt.getTime() + TOO_FAR_MS)
    return problem('clock', `${at.toISOString()} is more than twenty years after this package was installed`, todo)
  return ok('clock', `${at.toISOString()}`)
}

export const checkPagePort = async (machine: Machine, port: number): Promise<DoctorFinding> =>
  (await machine.isPortFree(port))
    ? ok('dashboard port', `${port} is free`)
    : warning(
        'dashboard port',
        `${port} is in use, possibly by another bench; start uses another free port`,
        'stop the program that uses it, or use --port',
      )

/** Checks the state folder and the rig files. */
export const checkWorkplace = <
  T extends { readonly home: { readonly path: string }; readonly rigs: readonly unknown[] },
>(
  open: () => T,
): { readonly findings: DoctorFinding[]; readonly workplace?: T } => {
  try {
    const workplace = open()
    const count = workplace.rigs.length
    return {
      findings: [
        ok('state folder', workplace.home.path),
        ok('rig files', `${count} ${count === 1 ? 'rig' : 'rigs'} can be read`),
      ],
      workplace,
    }
  } catch (error) {
    if (!(error instanceof BenchError)) throw error
    const about = error.code === 'rig-file' ? 'rig files' : 'state folder'
    if (error.code === 'home-in-use')
      return { findings: [warning(about, error.message, 'rigs are not checked while another process uses them')] }
    return { findings: [problem(about, error.message, 'correct the file as described')] }
  }
}
