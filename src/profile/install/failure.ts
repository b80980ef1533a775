import type { PEStatusName } from '../euicc-response.ts'

/**
 * Ends the installation at one PE with the status that the eUICC reports (SAIP §8.11). Thrown only inside this folder.
 */
export class PeFailure extends Error {
  readonly status: PEStatusName

  constructor(status: PEStatusName, detail: string) {
    super(detail)
    this.name = 'PeFailure'
    this.status = status
  }
}
