import type { BppCommandId, ErrorReason } from '../notification.ts'

/** The commands of a bound package, with the names of ProfileInstallationResult. */
export type PackageCommand = Extract<BppCommandId, string>

/** The error reasons (SGP.22 §2.5.6) that concern the package itself; the card reports errors in its content. */
export type PackageErrorCode = Extract<
  ErrorReason,
  | 'incorrectInputValues'
  | 'invalidSignature'
  | 'invalidTransactionId'
  | 'unsupportedCrtValues'
  | 'unsupportedRemoteOperationType'
  | 'scp03tStructureError'
  | 'scp03tSecurityError'
>

/** A rejected bound package: `command` and `code` form the error result of the card. */
export class PackageError extends Error {
  readonly command: PackageCommand
  readonly code: PackageErrorCode

  constructor(command: PackageCommand, code: PackageErrorCode, detail: string, cause?: unknown) {
    super(`${command}: ${code}: ${detail}`, cause === undefined ? undefined : { cause })
    this.name = 'PackageError'
    this.command = command
    this.code = code
  }
}
