import { z } from 'zod'
import { type Fetch, FetchError } from '../rsp/fetch.ts'
import { AppError } from './error.ts'

/** The messages of the Mobile Plans service that the app uses (see server/plans). Unknown members are ignored. */
const Provider = z.object({
  id: z.string(),
  brandName: z.string(),
  tagline: z.string().optional(),
  brandColor: z.string().optional(),
  logo: z.string().optional(),
  portalUri: z.string(),
  notificationUri: z.string(),
  iccidRanges: z.array(z.object({ start: z.string(), end: z.string() })),
})
export type Provider = z.infer<typeof Provider>

const BaseData = z.object({ country: z.string(), providers: z.array(Provider) })
export type BaseData = z.infer<typeof BaseData>

const GatewayPageReply = z.object({
  templateId: z.string(),
  kind: z.enum(['standard', 'enhanced']),
  backgroundColor: z.string(),
  bodyFontColor: z.string(),
  bodyText: z.string(),
  buttonColor: z.string().nullable(),
  buttonFontColor: z.string(),
  buttonText: z.string(),
  hyperlinkFontColor: z.string().nullable(),
  image: z.object({ uri: z.string(), width: z.number(), height: z.number() }).nullable(),
  disclaimer: z.string(),
})
export type GatewayPageReply = z.infer<typeof GatewayPageReply>

const BalanceReply = z.object({
  provider: z.object({ id: z.string(), brandName: z.string() }),
  balance: z
    .object({
      type: z.enum(['MODIRECT', 'MODIRECTPAYG', 'NONE', 'NOTSUPPORTED']),
      dataRemainingInMB: z.number(),
      timeRemaining: z.string(),
    })
    .nullable(),
  transactionId: z.string(),
})
export type BalanceReply = z.infer<typeof BalanceReply>

const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/** Facts about the device that are constant while the app runs. */
export interface DeviceFacts {
  /** The EID of the active eUICC. A device without one has no catalog. */
  readonly eid?: string
  readonly imei: string
  readonly make: string
  readonly model: string
  /** The region setting, ISO 3166 alpha-2. */
  readonly market: string
  /** Accept-Language. */
  readonly language: string
  /** The cellular network of the device, if it is registered. */
  readonly network?: { readonly mcc: string; readonly mnc: string }
}

export interface PlansService {
  providers(): Promise<BaseData>
  gateway(providerId: string): Promise<GatewayPageReply>
  balance(iccid: string, location: string): Promise<BalanceReply>
}

export const connectService = (fetch: Fetch, url: string, device: DeviceFacts): PlansService => {
  const ask = async <T>(schema: z.ZodType<T>, path: string, query: Record<string, string | undefined>): Promise<T> => {
    const address = new URL(path, url)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, value)
    let response: Response
    try {
      response = await fetch(
        new Request(address, { headers: { Accept: 'application/json', 'Accept-Language': device.language } }),
      )
    } catch (error) {
      if (error instanceof FetchError)
        throw new AppError('service-unreachable', `The Mobile Plans service did not answer (${error.code}).`, error)
      throw error
    }
    const body: unknown = await response.json().catch(() => undefined)
    if (!response.ok) {
      const refusal = Refusal.safeParse(body)
      const why = refusal.success
        ? `${refusal.data.error.message} (${refusal.data.error.code})`
        : `status ${response.status}`
      throw new AppError('service-failed', `The Mobile Plans service rejected the request: ${why}.`)
    }
    const read = schema.safeParse(body)
    if (!read.success)
      throw new AppError(
        'service-failed',
        `The response of the Mobile Plans service to ${address.pathname} is malformed.`,
      )
    return read.data
  }
  const where = {
    mcc: device.network?.mcc,
    mnc: device.network?.mnc,
    make: device.make,
    model: device.model,
    eid: device.eid,
  }
  return {
    providers: () => ask(BaseData, '/v1/providers', where),
    gateway: id => ask(GatewayPageReply, `/v1/providers/${encodeURIComponent(id)}/gateway`, where),
    balance: (iccid, location) => ask(BalanceReply, `/v1/sims/${encodeURIComponent(iccid)}/balance`, { location }),
  }
}
