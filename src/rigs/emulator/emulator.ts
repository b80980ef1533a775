import type { After } from '../../apdu/json/json-asker.ts'
import type { SoftwareEuicc } from '../../euicc/euicc.ts'

/** The settings of each emulator. */
export interface EmulatorSettings {
  readonly card: SoftwareEuicc
  /** Prints a line for the user. */
  readonly print: (line: string) => void
  /** Reports an internal error. */
  readonly report: (error: unknown) => void
  readonly after: After
}

/** A started emulator: the software eUICC at the interface of a reader, modem or socket. */
export interface Emulator {
  /** Settles when the emulator ends without `pull`; rejects with the error. */
  readonly over: Promise<void>
  /** Removes the card from the interface. Resolves when no command is being executed. */
  pull(): Promise<void>
}
