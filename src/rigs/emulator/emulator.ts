import type { After } from '../../apdu/json/json-asker.ts'
import type { SoftwareEuicc } from '../../euicc/euicc.ts'

/** What every plug of the software eUICC is given. */
export interface EmulatorSettings {
  readonly card: SoftwareEuicc
  /** A line for the person who plugs. */
  readonly say: (line: string) => void
  /** For whoever mends the bench. */
  readonly report: (error: unknown) => void
  readonly after: After
}

/** A plug that is in. */
export interface Emulator {
  /** Resolves, or rejects, when the plug comes out by itself. */
  readonly over: Promise<void>
  /** Pulls it out; resolves when nothing is under way any more. */
  pull(): Promise<void>
}
