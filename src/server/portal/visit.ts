import type { Html } from './html.ts'
import type { Brand } from './layout.ts'
import type { PortalOperator } from './operator-side.ts'
import type { PortalSession } from './session.ts'

export interface PortalSettings {
  readonly brand: Brand
  readonly operator: PortalOperator
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  /** The audit log: every entry names the launch's transaction id (reference §3.1). Nothing secret is put in it. */
  readonly audit?: (entry: PortalAuditEntry) => void
  /** Told of errors that nobody foresaw; a buyer is told no more than that it was one. */
  readonly onDefect?: (error: unknown) => void
}
export interface PortalAuditEntry {
  readonly at: Date
  readonly transactionId: string
  readonly what: 'launched' | 'refused' | 'ordered' | 'order-refused' | 'cancelled' | 'finished'
  readonly detail: string
}

/** What a step of the purchase answers; the portal makes the response of it. */
export type PortalAnswer =
  | { readonly page: Html; readonly status?: number; readonly session?: 'renamed' | 'ended' }
  | { readonly to: string; readonly session?: 'renamed' | 'ended' }

/** One request within a visit: `form` when something was sent, its token already checked. */
export interface PortalStep {
  readonly path: string
  readonly form: URLSearchParams | undefined
  readonly session: PortalSession
  readonly settings: PortalSettings
}
