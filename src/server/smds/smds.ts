import { CertificateError } from '../../rsp/certificates/error.ts'
import type { Credential } from '../../rsp/certificates/issue.ts'
import { checkKind } from '../../rsp/certificates/kinds.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import { ES11, toEs11Path } from '../../rsp/interfaces/es11.ts'
import { ES11Asn1 } from '../../rsp/interfaces/es11-asn1.ts'
import { ES12, ES15 } from '../../rsp/interfaces/es12.ts'
import { bindAsn1 } from '../rsp-server/asn1-binding.ts'
import type { Binding } from '../rsp-server/binding.ts'
import { checkCis } from '../rsp-server/ci-choice.ts'
import { createFunctionServer } from '../rsp-server/function-server.ts'
import { anyLpa } from '../rsp-server/http-layers.ts'
import { bindJson } from '../rsp-server/json-binding.ts'
import { createAuthenticateClient } from './authenticate-client.ts'
import { createDeleteEvent } from './delete-event.ts'
import { getSmdsStatusCode, SmdsError } from './error.ts'
import { createInitiateAuthentication } from './initiate-authentication.ts'
import { createRegisterEvent } from './register-event.ts'
import { DEFAULTS, type Smds, type SmdsSettings } from './settings.ts'

export interface SmdsServer {
  /** LPAs call here (SGP.22 §5.8). */
  readonly es11: Fetch
  /** SM-DP+s call here (SGP.22 §5.9). */
  readonly es12: Fetch
  /** Alternative SM-DSs call here at a root (SGP.22 §5.10). An alternative SM-DS rejects these functions. */
  readonly es15: Fetch
}

/**
 *   SM-DP+ ──es12──> events <──es11── LPA          an alternative SM-DS
 *                      │
 *                      └──es15──> events <──es11── LPA          its root
 *
 * Throws SmdsError or RspServerError `bad-settings`.
 */
export const createSmds = (settings: SmdsSettings): SmdsServer => {
  checkCis(settings.credentials)
  for (const { dsAuth } of settings.credentials) checkSigner(dsAuth)
  const present = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
  const smds: Smds = { ...DEFAULTS, ...settings, ...present }
  const onCards = {
    InitiateAuthentication: createInitiateAuthentication(smds),
    AuthenticateClient: createAuthenticateClient(smds),
  }
  const onEvents = { RegisterEvent: createRegisterEvent(smds), DeleteEvent: createDeleteEvent(smds) }
  const hooks = { synced: smds.store.synced, getStatusCode: getSmdsStatusCode, onDefect: smds.onDefect }
  const es11Table = {
    InitiateAuthentication: ES11.InitiateAuthentication,
    AuthenticateClient: ES11.AuthenticateClient,
    initiateAuthenticationOfEs11: atOwnPath(ES11.InitiateAuthentication),
    authenticateClientOfEs11: atOwnPath(ES11.AuthenticateClient),
  }
  const es11Handlers = {
    ...onCards,
    initiateAuthenticationOfEs11: onCards.InitiateAuthentication,
    authenticateClientOfEs11: onCards.AuthenticateClient,
  }
  const createEventServer = (binding: Binding): Fetch =>
    createFunctionServer({ ...hooks, bindings: [binding], requesterOf: smds.requesterOf })
  const withHeader = { hasHeader: true, ...hooks }
  return {
    // TLS authenticates the server only; the functions authenticate the card.
    es11: createFunctionServer({
      ...hooks,
      bindings: [bindAsn1(ES11Asn1, onCards), bindJson(es11Table, es11Handlers, { hasHeader: false, ...hooks })],
      requesterOf: anyLpa,
    }),
    es12: createEventServer(bindJson(ES12, onEvents, withHeader)),
    es15: createEventServer(smds.kind === 'root' ? bindJson(ES15, onEvents, withHeader) : bindJson({}, {}, withHeader)),
  }
}

/** Cards reject every session that is signed with another kind of certificate. */
const checkSigner = ({ certificate }: Credential): void => {
  try {
    checkKind(certificate, 'DSauth')
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause
    throw new SmdsError('bad-settings', `dsAuth is not a DSauth certificate: ${cause.message}`)
  }
}

const atOwnPath = <Row extends { readonly path: string }>(row: Row): Row => ({ ...row, path: toEs11Path(row) })
