import type { BppCommandId, ErrorReason } from '../notification.ts'

/** The commands of a bound package, as a ProfileInstallationResult names them. */
export type PackageCommand = Extract<BppCommandId, string>

/** The reasons (SGP.22 §2.5.6) that lie in the package itself; what the card finds in its content is the card's to say. */
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

/** A bound package that is not opened any further: `command` and `code` are the error result the card answers with. */
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
