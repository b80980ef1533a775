import { keep } from '../../../src/asn1/schema.ts'
import { AuthenticateServerResponse } from '../../../src/rsp/authentication.ts'
import { issueSmdsCertificates } from '../../../src/rsp/certificates/smds-pki.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { EUICCInfo1 } from '../../../src/rsp/euicc-info.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { ES11 } from '../../../src/rsp/interfaces/es11.ts'
import { ES12 } from '../../../src/rsp/interfaces/es12.ts'
import { createMemorySmdsStore } from '../../../src/server/smds/memory-store.ts'
import type { SmdsSettings } from '../../../src/server/smds/settings.ts'
import { createSmds, type SmdsServer } from '../../../src/server/smds/smds.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { type CardRole, createCardRole } from '../smdp/es9p/card-role.ts'
import { accepted, call, START, testPki } from '../smdp/smdp-fixture.ts'

export const SMDS = 'smds.example.com'
export const SMDP = 'smdp.example.com'

type Asked<K extends keyof typeof ES12> = Parameters<(typeof ES12)[K]['request']['toJson']>[0]

/** Who calls stands in a header here; over TLS it is the client certificate. */
export const CALLER = 'X-Caller'
export const as =
  (caller: string, fetch: Fetch): Fetch =>
  request => {
    const named = new Request(request.clone())
    named.headers.set(CALLER, caller)
    return fetch(named)
  }

/** An SM-DS with a clock that can be turned. */
export const createSmdsFixture = (
  settings: Partial<SmdsSettings> & {
    curve?: CurveName
    /** The way to the server, for LPAs and for callers by their name: without it, none. */
    over?: (smds: SmdsServer) => { readonly es11: Fetch; es12As(caller: string): Fetch }
  } = {},
) => {
  const { curve = 'P-256', over, ...more } = settings
  const address = more.address ?? SMDS
  const pki = testPki(curve)
  const store = createMemorySmdsStore()
  const defects: unknown[] = []
  let now = START
  const smds = createSmds({
    address,
    kind: 'root',
    credentials: [issueSmdsCertificates(pki, { random: seededRandom(`smds ${curve}`), now: START, host: address })],
    store,
    clock: () => now,
    random: seededRandom(address),
    requesterOf: request => request.headers.get(CALLER) ?? undefined,
    onDefect: error => defects.push(error),
    ...more,
  })
  const { es11, es12As } = over?.(smds) ?? { es11: smds.es11, es12As: (caller: string) => as(caller, smds.es12) }

  let calls = 0
  const registrar =
    (caller: string) =>
    (change: Partial<Asked<'RegisterEvent'>> = {}, functionCallIdentifier = `call ${calls++}`) =>
      call(
        es12As(caller),
        ES12.RegisterEvent,
        {
          eid: pki.euicc.certificate.eid!,
          eventId: 'EVENT-1',
          rspServerAddress: SMDP,
          forwardingIndicator: false,
          ...change,
        },
        { functionRequesterIdentifier: caller, functionCallIdentifier },
      )
  const deleter =
    (caller: string) =>
    (change: Partial<Asked<'DeleteEvent'>> = {}) =>
      call(
        es12As(caller),
        ES12.DeleteEvent,
        { eid: pki.euicc.certificate.eid!, eventId: 'EVENT-1', ...change },
        { functionRequesterIdentifier: caller, functionCallIdentifier: `call ${calls++}` },
      )

  const initiate = (card: CardRole, smdpAddress = address) =>
    call(es11, ES11.InitiateAuthentication, {
      euiccChallenge: card.challenge,
      euiccInfo1: keep(EUICCInfo1, card.info1),
      smdpAddress,
    })
  const send = (transactionId: Uint8Array, response: AuthenticateServerResponse) =>
    call(es11, ES11.AuthenticateClient, {
      transactionId,
      authenticateServerResponse: keep(AuthenticateServerResponse, response),
    })
  /** As an LPA asks: all events of the card, or one. */
  const discover = async (card: CardRole, change: Parameters<CardRole['authenticateServer']>[1] = {}) => {
    const ok = accepted(await initiate(card))
    return send(ok.transactionId, card.authenticateServer(ok, change))
  }
  return {
    pki,
    card: createCardRole(pki),
    smds,
    es11,
    es12As,
    store,
    defects,
    registrar,
    deleter,
    register: registrar(SMDP),
    remove: deleter(SMDP),
    initiate,
    send,
    discover,
    wait: (milliseconds: number) => {
      now = new Date(now.getTime() + milliseconds)
    },
  }
}
