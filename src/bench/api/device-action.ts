import { z } from 'zod'
import type { DeviceAction } from '../api-contract.ts'

const plain = z.enum([
  'open',
  'choose-another',
  'continue',
  'back',
  'cancel',
  'try-again',
  'dismiss-banner',
  'open-flyout',
  'close-flyout',
])

/** The schema of an action; refuses actions outside the contract. */
export const DeviceActionBody: z.ZodType<DeviceAction> = z.union([
  z.strictObject({ action: plain }),
  z.strictObject({ action: z.literal('choose-provider'), provider: z.string().max(200) }),
  z.strictObject({ action: z.literal('portal-navigate'), path: z.string().startsWith('/device/frame/').max(4000) }),
  z.strictObject({
    action: z.literal('bridge'),
    call: z.strictObject({
      object: z.string().max(100),
      method: z.string().max(100),
      arguments: z.array(z.unknown()).max(10),
      operationId: z.string().max(200).optional(),
    }),
  }),
  z.strictObject({
    action: z.literal('consent'),
    accept: z.boolean(),
    confirmationCode: z.string().max(64).optional(),
  }),
  z.strictObject({ action: z.literal('leave'), confirm: z.boolean() }),
]) as z.ZodType<DeviceAction>

export const StartRunBody = z.strictObject({ scenario: z.literal('activate'), rig: z.string().max(100).optional() })

export const FollowBody = z.object({ runId: z.string().max(100), lastSeq: z.int().min(0) })
