import { keep, type Schema, type WithRawBytes } from '../../../src/asn1/schema.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PrepareDownloadResponse,
} from '../../../src/rsp/authentication.ts'
import type { Pki } from '../../../src/rsp/certificates/pki-folder.ts'
import { issueTestPki } from '../../../src/rsp/certificates/test-pki.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { EUICCInfo1 } from '../../../src/rsp/euicc-info.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import { ES9p } from '../../../src/rsp/interfaces/es9p.ts'
import type { HttpFunction } from '../../../src/rsp/interfaces/http-function.ts'
import type { Json } from '../../../src/rsp/json.ts'
import { PendingNotification } from '../../../src/rsp/notification.ts'
import { createMemoryStore } from '../../../src/server/smdp/memory-store.ts'
import type { SmdpSettings } from '../../../src/server/smdp/settings.ts'
import { createSmdp, type SmdpServer } from '../../../src/server/smdp/smdp.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import {
  type AuthenticateClientOk,
  type CardRole,
  createCardRole,
  type InitiateAuthenticationOk,
} from './es9p/card-role.ts'

export const ADDRESS = 'smdp.example.com'
export const ICCID = '8988247000102003044'
export const MATCHING_ID = 'MATCH-ME-1'
export const START = new Date('2026-11-01T12:00:00Z')

const pkis = new Map<string, Pki>()
/** The same PKI for all tests: to issue one takes longer than a session. */
export const testPki = (curve: CurveName, seed = 'pki'): Pki => {
  const key = `${curve} ${seed}`
  const pki = pkis.get(key) ?? issueTestPki({ curve, smdpHost: ADDRESS, random: seededRandom(key), now: START })
  pkis.set(key, pki)
  return pki
}

/** The two letters of an answer: what the function gave, or subject and reason code of its refusal. */
export type Answer<R> = { readonly ok: R } | { readonly failed: string; readonly http: number; readonly json: Json }

export const post = (
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Request =>
  new Request(`https://${ADDRESS}${path}`, {
    method: 'POST',
    headers: { 'X-Admin-Protocol': 'gsma/rsp/v2.2.2', 'Content-Type': 'application/json', ...headers },
    body,
  })

type Status = { header: { functionExecutionStatus: { status: string; statusCodeData?: Record<string, string> } } }

const readAnswer = async <R>(
  row: Pick<HttpFunction<unknown, R>, 'response'>,
  response: Response,
): Promise<Answer<R>> => {
  if (response.status === 204) return { ok: undefined as R }
  const json = (await response.json()) as Json & Status
  const { status, statusCodeData } = json.header.functionExecutionStatus
  if (status === 'Executed-Success') return { ok: row.response!.fromJson(json) }
  const { subjectCode, reasonCode } = statusCodeData!
  return { failed: `${subjectCode}/${reasonCode}`, http: response.status, json }
}

/** A function called over its row, as the other end would. */
export const call = async <Q, R>(
  fetch: Fetch,
  row: HttpFunction<Q, R>,
  request: Q,
  header?: { functionRequesterIdentifier: string; functionCallIdentifier: string },
): Promise<Answer<R>> => {
  const body = { ...(header && { header }), ...row.request.toJson(request) }
  return readAnswer(row, await fetch(post(row.path, JSON.stringify(body))))
}

export const accepted = <R>(answer: Answer<R>): R => {
  if ('failed' in answer) throw new Error(`refused with ${answer.failed}: ${JSON.stringify(answer.json)}`)
  return answer.ok
}
export const refused = (answer: Answer<unknown>): string => ('failed' in answer ? answer.failed : 'accepted')

const signed = <T>(schema: Schema<T>, value: T): WithRawBytes<T> => keep(schema, value)

/** A server with a clock that can be turned, one operator and one profile in stock. */
export const createSmdpFixture = async (
  settings: Partial<SmdpSettings> & {
    curve?: CurveName
    package?: Uint8Array
    /** The way to the server: without it, none. */
    over?: (smdp: SmdpServer) => Pick<SmdpServer, 'es9p' | 'es2p'>
  } = {},
) => {
  const { curve = 'P-256', package: upp = new Uint8Array(2000).fill(0x5a), over, ...more } = settings
  const pki = testPki(curve)
  const store = createMemoryStore()
  const defects: unknown[] = []
  let now = START
  const smdp = createSmdp({
    address: ADDRESS,
    credentials: [pki],
    store,
    clock: () => now,
    random: seededRandom('smdp'),
    requesterOf: () => 'Operator A',
    onDefect: error => defects.push(error),
    ...more,
  })
  const { es9p, es2p } = over?.(smdp) ?? smdp
  const stock = (iccid = ICCID, change: Partial<Parameters<typeof smdp.addProfile>[0]> = {}) =>
    smdp.addProfile({
      iccid,
      profileType: 'Plan S',
      package: upp,
      metadata: { serviceProviderName: 'Operator A', profileName: 'Plan S' },
      ...change,
    })
  await stock()

  let calls = 0
  const operate = <K extends 'DownloadOrder' | 'ConfirmOrder' | 'CancelOrder' | 'ReleaseProfile'>(
    name: K,
    request: Parameters<(typeof ES2p)[K]['request']['toJson']>[0],
    functionCallIdentifier = `call ${calls++}`,
  ) =>
    call(es2p, ES2p[name] as never, request as never, {
      functionRequesterIdentifier: 'Operator A',
      functionCallIdentifier,
    }) as Promise<Answer<ReturnType<NonNullable<(typeof ES2p)[K]['response']>['fromJson']>>>

  /** Ordered, confirmed and released. */
  const order = async ({
    iccid = ICCID,
    eid,
    matchingId = MATCHING_ID,
    ...rest
  }: {
    iccid?: string
    eid?: string
    matchingId?: string
    confirmationCode?: string
    releaseFlag?: boolean
  } = {}) => {
    accepted(await operate('DownloadOrder', { iccid, eid }))
    return accepted(await operate('ConfirmOrder', { iccid, matchingId, releaseFlag: true, ...rest }))
  }

  const initiate = (card: CardRole, smdpAddress = more.address ?? ADDRESS) =>
    call(es9p, ES9p.InitiateAuthentication, {
      euiccChallenge: card.challenge,
      euiccInfo1: signed(EUICCInfo1, card.info1),
      smdpAddress,
    })
  const sendAuthentication = (transactionId: Uint8Array, response: AuthenticateServerResponse) =>
    call(es9p, ES9p.AuthenticateClient, {
      transactionId,
      authenticateServerResponse: signed(AuthenticateServerResponse, response),
    })
  const authenticate = async (
    card: CardRole,
    change: Parameters<CardRole['authenticateServer']>[1] = { matchingId: MATCHING_ID },
  ) => {
    const ok: InitiateAuthenticationOk = accepted(await initiate(card))
    return sendAuthentication(ok.transactionId, card.authenticateServer(ok, change))
  }
  const sendPrepared = (transactionId: Uint8Array, response: PrepareDownloadResponse) =>
    call(es9p, ES9p.GetBoundProfilePackage, {
      transactionId,
      prepareDownloadResponse: signed(PrepareDownloadResponse, response),
    })
  const getPackage = (
    card: CardRole,
    ok: AuthenticateClientOk,
    change: Parameters<CardRole['prepareDownload']>[1] = {},
  ) => sendPrepared(ok.transactionId, card.prepareDownload(ok, change).response)
  const cancel = (transactionId: Uint8Array, response: CancelSessionResponse) =>
    call(es9p, ES9p.CancelSession, {
      transactionId,
      cancelSessionResponse: signed(CancelSessionResponse, response),
    })
  const notify = (notification: PendingNotification) =>
    call(es9p, ES9p.HandleNotification, { pendingNotification: signed(PendingNotification, notification) })
  /** As far as the bound package. */
  const download = async (card: CardRole, change: Parameters<CardRole['prepareDownload']>[1] = {}) => {
    const ok = accepted(await authenticate(card))
    return { ok, ...accepted(await getPackage(card, ok, change)) }
  }

  return {
    pki,
    card: createCardRole(pki),
    smdp,
    es9p,
    es2p,
    store,
    defects,
    stock,
    operate,
    order,
    initiate,
    sendAuthentication,
    authenticate,
    sendPrepared,
    getPackage,
    cancel,
    notify,
    download,
    wait: (milliseconds: number) => {
      now = new Date(now.getTime() + milliseconds)
    },
    stateOf: async (iccid = ICCID) => (await store.findOrder(iccid))?.state,
  }
}
