import type { X509Certificate } from 'node:crypto'
import type { OrderState } from '../../server/smdp/order.ts'
import type { ProfileFacts } from '../../server/smdp/profile-facts.ts'
import type { Retention } from '../../server/smdp/retention.ts'
import type { FaultEntry } from '../smdp/fault-file.ts'
import type { StockItem } from '../smdp/stock-copies.ts'

/** An order of an inventory file. */
export interface PlannedOrder {
  /** The position in the file, for messages. */
  readonly place: string
  readonly matchingId: string | undefined
  readonly eventId: string | undefined
  readonly eid: string | undefined
  readonly confirmationCodeHash: Uint8Array | undefined
  readonly state: OrderState
  readonly reusable: boolean
  readonly maxAttempts: number | undefined
  readonly expiresAt: Date | undefined
  readonly requester: string | undefined
  readonly metadata: Partial<ProfileFacts> | undefined
  /** One profile, or any profile of a type. `spare` creates one if the stock has none. */
  readonly profile: StockItem | { readonly type: string; readonly spare?: (() => StockItem) | undefined }
}

export interface InventoryOperator {
  readonly name: string
  readonly callback?: string | undefined
  /** CAs of the callback server, in addition to the bench's own. */
  readonly authorities?: readonly X509Certificate[]
}

/** The content of a file, ready for a store. */
export interface Inventory {
  readonly file: string
  readonly stock: readonly StockItem[]
  readonly orders: readonly PlannedOrder[]
  readonly operators: readonly InventoryOperator[]
  readonly keep: Partial<Retention>
  readonly faults: readonly FaultEntry[]
  readonly warnings: readonly string[]
}
