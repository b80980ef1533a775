import type { PEStatusName } from '../euicc-response.ts'

/** Stops the installation at one PE, with the status that the eUICC reports for it (SAIP §8.11). Never leaves this folder. */
export class PeFailure extends Error {
  readonly status: PEStatusName

  constructor(status: PEStatusName, detail: string) {
    super(detail)
    this.name = 'PeFailure'
    this.status = status
  }
}
