import type { Html } from './html.ts'
import type { Brand } from './layout.ts'
import type { PortalOperator } from './operator-side.ts'
import type { PortalSession } from './session.ts'

export interface PortalSettings {
  readonly brand: Brand
  readonly operator: PortalOperator
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  /** The audit log. Each entry has the transaction id of the launch (reference §3.1) and no secret. */
  readonly audit?: (entry: PortalAuditEntry) => void
  /** Receives unexpected errors. The page shows a general error only. */
  readonly onDefect?: (error: unknown) => void
}
export interface PortalAuditEntry {
  readonly at: Date
  readonly transactionId: string
  readonly what: 'launched' | 'refused' | 'ordered' | 'order-refused' | 'cancelled' | 'finished'
  readonly detail: string
}

/** The result of a step of the purchase. The portal converts it to a response. */
export type PortalAnswer =
  | { readonly page: Html; readonly status?: number; readonly session?: 'renamed' | 'ended' }
  | { readonly to: string; readonly session?: 'renamed' | 'ended' }

/** A request of a visit. `form`: the submitted form with a valid token. */
export interface PortalStep {
  readonly path: string
  readonly form: URLSearchParams | undefined
  readonly session: PortalSession
  readonly settings: PortalSettings
}
