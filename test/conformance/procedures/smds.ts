import { expect } from 'vitest'
import { keep } from '../../../src/asn1/schema.ts'
import { AuthenticateServerResponse } from '../../../src/rsp/authentication.ts'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { verifyChain } from '../../../src/rsp/certificates/chain.ts'
import { type CertificateFault, issueFaultyCertificate } from '../../../src/rsp/certificates/test-pki.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { verify } from '../../../src/rsp/crypto/ecdsa.ts'
import { EUICCInfo1 } from '../../../src/rsp/euicc-info.ts'
import { ES11Asn1 } from '../../../src/rsp/interfaces/es11-asn1.ts'
import { ES12 } from '../../../src/rsp/interfaces/es12.ts'
import { issueVariant, type Variant, type VariantFaults } from '../../rsp/certificates/variants.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { type CardRole, createCardRole } from '../../server/smdp/es9p/card-role.ts'
import { accepted, post, refused, START, testPki } from '../../server/smdp/smdp-fixture.ts'
import { SMDP, SMDS } from '../../server/smds/smds-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures } from '../conformance.ts'
import { OPERATOR_B, ROOT } from '../sockets.ts'
import { callAsn1, okOf } from './asn1-messages.ts'
import { pairOf } from './es9p-bindings.ts'
import { OTHER_EID } from './orders.ts'

type Change = Parameters<CardRole['authenticateServer']>[1]

/** An alternative SM-DS and its root, each with its port for mutual TLS. */
const createPair = (at: Conformance) => {
  const root = at.smds({}, 'root')
  const toRoot = { url: `https://${ROOT}`, fetch: at.sockets.caller(SMDS, 'root', ROOT) }
  return { root, alternative: at.smds({ kind: 'alternative', root: toRoot }) }
}
const eventsOf = async ({ store, card }: ReturnType<Conformance['smds']>) =>
  (await store.listEvents(card.eid)).map(({ eventId }) => eventId)

const EVENT = { eid: OTHER_EID, eventId: 'EVENT-1', rspServerAddress: SMDP, forwardingIndicator: false }
const header = { functionRequesterIdentifier: SMDP, functionCallIdentifier: 'call' }
const refusesMembers =
  (edit: (message: Record<string, unknown>, member: string) => Record<string, unknown>): Procedure =>
  async at => {
    const smds = at.smds()
    const es12 = smds.es12As(SMDP)
    const messages = [
      [ES12.RegisterEvent, EVENT],
      [ES12.DeleteEvent, { eid: OTHER_EID, eventId: 'EVENT-1' }],
    ] as const
    for (const [{ path, name }, message] of messages)
      for (const member of Object.keys(message)) {
        const response = await es12(post(path, JSON.stringify({ header, ...edit(message, member) })))
        expect(await pairOf(response), `${name}: ${member}`).toEqual([400, at.row.pair])
      }
    expect(await smds.store.listEvents(OTHER_EID)).toEqual([])
  }

const ES12_PROCEDURES: Procedures = {
  ...procedures('EB_ES12.RegisterEvent', {
    '#01': async at => {
      const { register, store, card } = at.smds()
      expect(accepted(await register())).toEqual({})
      expect(await store.findEvent(card.eid, 'EVENT-1')).toMatchObject({ owner: SMDP, rspServerAddress: SMDP })
    },
    '#02': async at => {
      const smds = at.smds()
      for (const _ of [1, 2]) expect(accepted(await smds.register({}, 'the call'))).toEqual({})
      expect(await eventsOf(smds)).toEqual(['EVENT-1'])
    },
    '#03': async at => {
      const { root, alternative } = createPair(at)
      accepted(await alternative.register({ forwardingIndicator: true }))
      const [there] = await root.store.listEvents(alternative.card.eid)
      expect(there).toMatchObject({ eventId: 'EVENT-1', rspServerAddress: SMDS, owner: SMDS })
    },
    '#04': async at => {
      const { register, store, card } = at.smds()
      accepted(await register())
      at.refuses(await register({ rspServerAddress: 'other.example.com' }))
      expect(await store.findEvent(card.eid, 'EVENT-1')).toMatchObject({ rspServerAddress: SMDP })
    },
    '#05': async at => {
      const { alternative } = createPair(at)
      at.sockets.ends.root.answer = async () => new Response('busy', { status: 503 })
      at.refuses(await alternative.register({ forwardingIndicator: true }))
      expect(accepted(await alternative.discover(alternative.card)).eventEntries).toEqual([])
    },
    '#06': async at => {
      const { root, alternative } = createPair(at)
      accepted(await root.registrar(OPERATOR_B)())
      at.refuses(await alternative.register({ forwardingIndicator: true }))
      expect(await eventsOf(alternative)).toEqual([])
    },
    '#07': refusesMembers((message, member) =>
      Object.fromEntries(Object.entries(message).filter(([name]) => name !== member)),
    ),
    '#08': refusesMembers((message, member) => ({ ...message, [member]: [''] })),
  }),
  ...procedures('EB_ES12.DeleteEvent', {
    '#01': async at => {
      const smds = at.smds()
      accepted(await smds.register())
      expect(accepted(await smds.remove())).toEqual({})
      expect(accepted(await smds.discover(smds.card)).eventEntries).toEqual([])
    },
    '#02': async at => {
      const { register, remove } = at.smds()
      accepted(await register())
      at.refuses(await remove({ eventId: 'EVENT-2' }))
      at.refuses(await remove({ eid: OTHER_EID }))
    },
    '#03': async at => {
      const smds = at.smds()
      accepted(await smds.register())
      at.refuses(await smds.deleter(OPERATOR_B)())
      expect(await eventsOf(smds)).toEqual(['EVENT-1'])
    },
    '#04': async at => {
      const { root, alternative } = createPair(at)
      accepted(await alternative.register({ forwardingIndicator: true }))
      accepted(await alternative.remove())
      expect([await eventsOf(root), await eventsOf(alternative)]).toEqual([[], []])
    },
  }),
}

const authenticates =
  (curve: CurveName): Procedure =>
  async at => {
    const { initiate, card, pki } = at.smds({ curve })
    const ok = accepted(await initiate(card))
    const certificate = parseCertificate(ok.serverCertificate)
    verifyChain({ kind: 'DSauth', chain: [certificate], trustAnchors: [pki.ci.certificate], now: START })
    expect(verify(certificate.publicKey, ok.serverSigned1.bytes, ok.serverSignature1)).toBe(true)
    expect(ok.serverSigned1.value).toMatchObject({ euiccChallenge: card.challenge, serverAddress: SMDS })
  }
const refusesInfo =
  (info: () => Partial<CardRole['info1']>): Procedure =>
  async at => {
    const { initiate, pki } = at.smds()
    at.refuses(await initiate(createCardRole(pki, { info: info() })))
  }
const otherCi = () => [testPki('P-256', 'another').ci.certificate.subjectKeyId!]

/** The refusal leaves the session for the card; the right message is taken afterwards. */
const refuses =
  (...changes: readonly (() => Change)[]): Procedure =>
  async at => {
    const { initiate, send, card, register, defects } = at.smds()
    accepted(await register())
    const opened = accepted(await initiate(card))
    for (const make of changes) at.refuses(await send(opened.transactionId, card.authenticateServer(opened, make())))
    expect(accepted(await send(opened.transactionId, card.authenticateServer(opened))).eventEntries).toHaveLength(1)
    expect(defects).toEqual([])
  }
const faulty = (kind: 'EUM' | 'eUICC', fault: CertificateFault) => (): Change => {
  const made = issueFaultyCertificate(testPki('P-256'), kind, fault, { random: seededRandom(fault), now: START })
  return kind === 'EUM' ? { eum: made.certificate.der } : { euicc: made }
}
/** A card whose chain has sub-CAs, and how it shows them. */
const cardOfVariant = (variant: Variant, faults: VariantFaults = {}): [CardRole, Change] => {
  const pki = testPki('P-256')
  const { euicc, above } = issueVariant(pki, variant, START, faults)
  const [eum, ...otherCertsInChain] = above.map(({ der }) => der)
  const others = otherCertsInChain.length > 0 ? { otherCertsInChain } : {}
  return [createCardRole(pki, { euicc }), { eum: eum!, ...others }]
}
const unknown = new Uint8Array(16).fill(9)

const ES11_PROCEDURES: Procedures = {
  ...procedures('EB_ES11.InitiateAuthentication', {
    '#01': authenticates('P-256'),
    '#02': authenticates('brainpoolP256r1'),
    '#03': async at => {
      const { initiate, card } = at.smds()
      at.refuses(await initiate(card, 'other.example.com'))
    },
    '#04': refusesInfo(() => ({ euiccCiPKIdListForSigning: otherCi() })),
    '#05': refusesInfo(() => ({ svn: Uint8Array.of(1, 1, 0) })),
    '#06': refusesInfo(() => ({ euiccCiPKIdListForVerification: otherCi() })),
  }),
  ...procedures('EB_ES11.AuthenticateClient', {
    '#01': async at => {
      const { register, discover, card } = at.smds()
      for (const eventId of ['SECOND', 'FIRST']) accepted(await register({ eventId }))
      for (const matchingId of [undefined, ''])
        expect(accepted(await discover(card, { matchingId })).eventEntries).toEqual([
          { eventId: 'SECOND', rspServerAddress: SMDP },
          { eventId: 'FIRST', rspServerAddress: SMDP },
        ])
    },
    '#02': async at => {
      const { register, discover, card } = at.smds()
      for (const eventId of ['FIRST', 'SECOND']) accepted(await register({ eventId }))
      const { eventEntries } = accepted(await discover(card, { matchingId: 'SECOND' }))
      expect(eventEntries).toEqual([{ eventId: 'SECOND', rspServerAddress: SMDP }])
    },
    '#03': async at => {
      const { register, discover, card } = at.smds()
      accepted(await register({ eid: OTHER_EID }))
      expect(accepted(await discover(card)).eventEntries).toEqual([])
    },
    '#04': async at => {
      const { register, card, es11 } = at.smds()
      accepted(await register())
      const request = { euiccChallenge: card.challenge, euiccInfo1: keep(EUICCInfo1, card.info1) }
      const opened = okOf(await callAsn1(es11, ES11Asn1.InitiateAuthentication, { ...request, smdpAddress: SMDS }))
      const response = card.authenticateServer(opened)
      const answer = await callAsn1(es11, ES11Asn1.AuthenticateClient, {
        transactionId: opened.transactionId,
        authenticateServerResponse: keep(AuthenticateServerResponse, response),
      })
      expect(okOf(answer).eventEntries).toEqual([{ eventId: 'EVENT-1', rspServerAddress: SMDP }])
    },
    '#05': async at => {
      const { register, discover, card } = at.smds()
      accepted(await register({ eid: OTHER_EID }))
      for (const matchingId of ['EVENT-1', 'NOT-THERE']) at.refuses(await discover(card, { matchingId }))
    },
    '#06': refuses(faulty('EUM', 'bad-signature'), faulty('EUM', 'wrong-role')),
    '#07': refuses(faulty('EUM', 'expired')),
    '#08': refuses(faulty('eUICC', 'bad-signature'), faulty('eUICC', 'eid-not-permitted')),
    '#09': refuses(faulty('eUICC', 'expired')),
    '#10': refuses(() => ({
      euicc: { certificate: testPki('P-256').euicc.certificate, privateKey: testPki('P-256').dpAuth.privateKey },
    })),
    '#11': refuses(() => ({ signed: { serverChallenge: unknown } })),
    '#12': refuses(faulty('EUM', 'unknown-ci')),
    '#13': async at => {
      const { initiate, send, card } = at.smds()
      const opened = accepted(await initiate(card))
      at.refuses(await send(unknown, card.authenticateServer(opened)))
      expect(refused(await send(opened.transactionId, card.authenticateServer(opened)))).toBe('accepted')
    },
    '#14': refuses(() => ({ signed: { transactionId: unknown } })),
    '#15': async at => {
      const { initiate, send, card } = at.smds()
      const { transactionId } = accepted(await initiate(card))
      const authenticateResponseError = { transactionId, authenticateErrorCode: 'ciPKUnknown' as const }
      at.refuses(await send(transactionId, { authenticateResponseError }))
    },
    '#16': async at => {
      const { register, discover } = at.smds()
      accepted(await register())
      for (const variant of ['O', 'Ov3', 'A', 'B', 'C'] as const)
        expect(accepted(await discover(...cardOfVariant(variant))).eventEntries, variant).toHaveLength(1)
    },
    '#17': async at => {
      const { discover } = at.smds()
      at.refuses(await discover(...cardOfVariant('A', { expired: 'EUMSubCA' })))
      at.refuses(await discover(...cardOfVariant('C', { expired: 'CISubCA' })))
    },
  }),
}

export const SMDS_PROCEDURES: Procedures = { ...ES12_PROCEDURES, ...ES11_PROCEDURES }
