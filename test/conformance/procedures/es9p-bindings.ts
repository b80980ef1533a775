import { expect } from 'vitest'
import { keep, tagged } from '../../../src/asn1/schema.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PrepareDownloadResponse,
} from '../../../src/rsp/authentication.ts'
import { EUICCInfo1 } from '../../../src/rsp/euicc-info.ts'
import { ES9p } from '../../../src/rsp/interfaces/es9p.ts'
import { ES9pAsn1 } from '../../../src/rsp/interfaces/es9p-asn1.ts'
import { PendingNotification } from '../../../src/rsp/notification.ts'
import { ADDRESS, accepted, ICCID, MATCHING_ID, post, refused } from '../../server/smdp/smdp-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures, type SmdpFixture } from '../conformance.ts'
import { callAsn1, okOf, postAsn1, requestOf } from './asn1-messages.ts'
import { CODE, orderBy } from './orders.ts'

const INITIATE = ES9p.InitiateAuthentication
type Told = { header: { functionExecutionStatus: { status: string; statusCodeData: Record<string, string> } } }

/** HTTP status and pair of what came back, whose body is a header and nothing else. */
export const pairOf = async (response: Response): Promise<[status: number, pair: string]> => {
  const json = (await response.json()) as Told
  expect(Object.keys(json)).toEqual(['header'])
  const { status, statusCodeData } = json.header.functionExecutionStatus
  expect(status).toBe('Failed')
  expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
  return [response.status, `${statusCodeData.subjectCode}/${statusCodeData.reasonCode}`]
}
const answers =
  (status: number, ...requests: readonly (() => Request)[]): Procedure =>
  async at => {
    const { es9p } = await at.smdp()
    for (const make of requests) expect(await pairOf(await es9p(make()))).toEqual([status, at.row.pair])
  }

/** A right message of each function. */
const messages = async (fixture: SmdpFixture) => {
  await fixture.order()
  const { card } = fixture
  const opened = accepted(await fixture.initiate(card))
  const { transactionId } = opened
  const ok = accepted(await fixture.authenticate(card))
  const response = card.authenticateServer(opened, { matchingId: MATCHING_ID })
  return [
    [
      INITIATE,
      INITIATE.request.toJson({
        euiccChallenge: card.challenge,
        euiccInfo1: keep(EUICCInfo1, card.info1),
        smdpAddress: ADDRESS,
      }),
    ],
    [
      ES9p.AuthenticateClient,
      ES9p.AuthenticateClient.request.toJson({
        transactionId,
        authenticateServerResponse: keep(AuthenticateServerResponse, response),
      }),
    ],
    [
      ES9p.GetBoundProfilePackage,
      ES9p.GetBoundProfilePackage.request.toJson({
        transactionId: ok.transactionId,
        prepareDownloadResponse: keep(PrepareDownloadResponse, card.prepareDownload(ok).response),
      }),
    ],
    [
      ES9p.CancelSession,
      ES9p.CancelSession.request.toJson({
        transactionId: ok.transactionId,
        cancelSessionResponse: keep(CancelSessionResponse, card.cancelSession(ok.transactionId, 'timeout')),
      }),
    ],
    [
      ES9p.HandleNotification,
      ES9p.HandleNotification.request.toJson({
        pendingNotification: keep(PendingNotification, card.otherNotification('notificationEnable', ICCID)),
      }),
    ],
  ] as const
}

/** Each member of each function, made otherwise: refused by name, and no order is touched. */
const refusesMembers =
  (edit: (message: Record<string, unknown>, member: string) => Record<string, unknown>): Procedure =>
  async at => {
    const fixture = await at.smdp()
    for (const [row, json] of await messages(fixture))
      for (const member of Object.keys(json)) {
        const response = await fixture.es9p(post(row.path, JSON.stringify(edit(json, member))))
        expect(await pairOf(response), `${row.name}: ${member}`).toEqual([400, at.row.pair])
      }
    expect(await fixture.stateOf()).toBe('Released')
    expect(fixture.defects).toEqual([])
  }

const protocol = (value: string) => () => post(INITIATE.path, '{}', { 'X-Admin-Protocol': value })

const downloadInAsn1 = async (at: Conformance): Promise<void> => {
  const { fixture, card, matchingId } = await orderBy(at, 'activation code')
  const { es9p } = fixture
  const opened = okOf(
    await callAsn1(es9p, ES9pAsn1.InitiateAuthentication, {
      euiccChallenge: card.challenge,
      smdpAddress: ADDRESS,
      euiccInfo1: keep(EUICCInfo1, card.info1),
    }),
  )
  const { transactionId } = opened
  const offered = okOf(
    await callAsn1(es9p, ES9pAsn1.AuthenticateClient, {
      transactionId,
      authenticateServerResponse: keep(AuthenticateServerResponse, card.authenticateServer(opened, { matchingId })),
    }),
  )
  const { response } = card.prepareDownload(offered)
  const bound = okOf(
    await callAsn1(es9p, ES9pAsn1.GetBoundProfilePackage, {
      transactionId,
      prepareDownloadResponse: keep(PrepareDownloadResponse, response),
    }),
  )
  expect(bound.boundProfilePackage.length).toBeGreaterThan(2000)
  const pendingNotification = keep(PendingNotification, card.installationResult(transactionId, ICCID))
  const told = await postAsn1(es9p, requestOf(ES9pAsn1.HandleNotification, { pendingNotification }))
  expect([told.status, await told.text()]).toEqual([204, ''])
  expect(await fixture.stateOf()).toBe('Installed')
}

export const ES9P_BINDINGS: Procedures = {
  ...procedures('EB_ES9+.Binding', {
    '#01': answers(200, () => post('/gsma/rsp2/es9plus/checkOrder', '{}')),
    '#02': answers(
      404,
      () => post('/gsma/rsp2/es9plus/initiateAuthentication/x', '{}'),
      () => post('/', '{}'),
    ),
    '#03': answers(405, () => new Request(`https://${ADDRESS}${INITIATE.path}`, { method: 'GET' })),
    '#04': answers(400, protocol(''), protocol('gsma/rsp/2.2.2'), protocol('http/1.1')),
    '#05': answers(400, () => post(INITIATE.path, '{}', { 'Content-Type': 'text/plain' })),
    '#06': answers(
      400,
      () => post(INITIATE.path, '{"euiccChallenge":'),
      () => post(INITIATE.path, new Uint8Array([0xff, 0xfe, 0x7b])),
      () => post(INITIATE.path, new Uint8Array(0)),
    ),
    '#07': answers(413, () => post(INITIATE.path, JSON.stringify({ smdpAddress: 'x'.repeat(300_000) }))),
    '#08': refusesMembers((message, member) =>
      Object.fromEntries(Object.entries(message).filter(([name]) => name !== member)),
    ),
    '#09': async at => {
      for (const wrong of [7, '%%', {}, []])
        await refusesMembers((message, member) => ({
          ...message,
          [member]: member === 'smdpAddress' && typeof wrong === 'string' ? 7 : wrong,
        }))(at)
    },
    '#10': async at => {
      const { es9p } = await at.smdp()
      for (const version of ['2.0.0', '2.1.0', '2.2.2', '2.5.0']) {
        const response = await es9p(post(INITIATE.path, '{}', { 'X-Admin-Protocol': `gsma/rsp/v${version}` }))
        expect(response.headers.get('X-Admin-Protocol')).toBe(`gsma/rsp/v${version}`)
      }
    },
    '#11': async at => {
      const { fixture, authenticate } = await orderBy(at, 'activation code')
      const sessions = await Promise.all([1, 2, 3, 4].map(() => authenticate()))
      expect(sessions.map(refused)).toEqual(['accepted', 'accepted', 'accepted', 'accepted'])
      expect(fixture.defects).toEqual([])
    },
    '#12': async at => {
      const { initiate, card, store, defects } = await at.smdp()
      store.addSession = () => Promise.reject(new Error('the disk is full: /var/lib/secret'))
      const answer = await initiate(card)
      at.refuses(answer)
      expect(JSON.stringify(answer)).not.toMatch(/disk|secret/)
      expect(defects).toHaveLength(1)
    },
  }),
  ...procedures('EB_ES9+.CancelSession', {
    '#03': async at => {
      const { fixture, card, authenticate } = await orderBy(at, 'activation code')
      const { transactionId } = accepted(await authenticate())
      const cancelSessionResponse = keep(CancelSessionResponse, card.cancelSession(transactionId, 'timeout'))
      const json = ES9p.CancelSession.request.toJson({ transactionId, cancelSessionResponse })
      const response = await fixture.es9p(post(ES9p.CancelSession.path, JSON.stringify(json)))
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ header: { functionExecutionStatus: { status: 'Executed-Success' } } })
    },
  }),
  ...procedures('EB_ES9+.Asn1', {
    '#01': downloadInAsn1,
    '#02': async at => {
      const { es9p, card } = await at.smdp()
      const request = { euiccChallenge: card.challenge, euiccInfo1: keep(EUICCInfo1, card.info1) }
      const answer = await callAsn1(es9p, ES9pAsn1.InitiateAuthentication, { ...request, smdpAddress: 'other.example' })
      expect(answer).toEqual({ error: ES9pAsn1.InitiateAuthentication.errors['8.8.1/3.8'] })
    },
    '#03': async at => {
      const { fixture, card } = await orderBy(at, 'activation code')
      const opened = accepted(await fixture.initiate(card))
      const response = card.authenticateServer(opened, { matchingId: 'NOT-THERE' })
      const answer = await callAsn1(fixture.es9p, ES9pAsn1.AuthenticateClient, {
        transactionId: opened.transactionId,
        authenticateServerResponse: keep(AuthenticateServerResponse, response),
      })
      expect(answer).toEqual({ error: ES9pAsn1.AuthenticateClient.errors['8.2.6/3.8'] })
    },
    '#04': async at => {
      const { fixture, card, authenticate } = await orderBy(at, 'activation code', { confirmationCode: CODE })
      const ok = accepted(await authenticate())
      const answer = await callAsn1(fixture.es9p, ES9pAsn1.GetBoundProfilePackage, {
        transactionId: ok.transactionId,
        prepareDownloadResponse: keep(PrepareDownloadResponse, card.prepareDownload(ok).response),
      })
      expect(answer).toEqual({ error: ES9pAsn1.GetBoundProfilePackage.errors['8.2.7/2.2'] })
    },
    '#05': async at => {
      const { fixture, card, authenticate } = await orderBy(at, 'activation code')
      const { transactionId } = accepted(await authenticate())
      const cancelSessionResponse = keep(
        // The automatic tag [1] stands in the place of CancelSessionResponse's own.
        tagged(0xa1, CancelSessionResponse),
        card.cancelSession(transactionId, 'endUserRejection'),
      )
      const cancel = () => callAsn1(fixture.es9p, ES9pAsn1.CancelSession, { transactionId, cancelSessionResponse })
      expect(await cancel()).toEqual({ ok: {} })
      expect(await fixture.stateOf()).toBe('Error')
      expect(await cancel()).toEqual({ error: ES9pAsn1.CancelSession.errors['8.10.1/3.9'] })
    },
    '#06': async at => {
      const { es9p, defects } = await at.smdp()
      for (const body of [new Uint8Array(0), Uint8Array.of(0xa2, 0x02, 0xbf, 0x39), Uint8Array.of(0x30, 0)]) {
        const response = await postAsn1(es9p, body)
        expect([response.status, await response.text()]).toEqual([400, ''])
      }
      expect(defects).toEqual([])
    },
  }),
}
