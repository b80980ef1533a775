import { CertificateError } from '../../rsp/certificates/error.ts'
import type { Credential } from '../../rsp/certificates/issue.ts'
import { checkKind } from '../../rsp/certificates/kinds.ts'
import { chooseFetch, type Fetch } from '../../rsp/fetch.ts'
import { ASN1_PATH } from '../../rsp/interfaces/es9p-asn1.ts'
import { ES11, toEs11Path } from '../../rsp/interfaces/es11.ts'
import { ES11Asn1 } from '../../rsp/interfaces/es11-asn1.ts'
import { ES12, ES15 } from '../../rsp/interfaces/es12.ts'
import { bindAsn1 } from '../rsp-server/asn1-binding.ts'
import { checkCis } from '../rsp-server/ci-choice.ts'
import { bindFunctions } from '../rsp-server/http-binding.ts'
import { createAuthenticateClient } from './authenticate-client.ts'
import { createDeleteEvent } from './delete-event.ts'
import { SmdsError, statusOf } from './error.ts'
import { createInitiateAuthentication } from './initiate-authentication.ts'
import { createRegisterEvent } from './register-event.ts'
import { DEFAULTS, type Smds, type SmdsSettings } from './settings.ts'

export interface SmdsServer {
  /** LPAs call here (SGP.22 §5.8). */
  readonly es11: Fetch
  /** SM-DP+s call here (SGP.22 §5.9). */
  readonly es12: Fetch
  /** At a root, alternative SM-DSs call here (SGP.22 §5.10); an alternative knows no such function. */
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
  const conduct = { synced: smds.store.synced, statusOf, onDefect: smds.onDefect }
  const betweenServers = { hasHeader: true, requesterOf: smds.requesterOf, ...conduct }
  // TLS authenticates the server only; the card is authenticated by the functions themselves.
  const towardsLpas = { hasHeader: false, requesterOf: 'LPA', ...conduct } as const

  const onBothPaths = {
    InitiateAuthentication: ES11.InitiateAuthentication,
    AuthenticateClient: ES11.AuthenticateClient,
    initiateAuthenticationOfEs11: atOwnPath(ES11.InitiateAuthentication),
    authenticateClientOfEs11: atOwnPath(ES11.AuthenticateClient),
  }
  const inJson = bindFunctions(
    onBothPaths,
    {
      ...onCards,
      initiateAuthenticationOfEs11: onCards.InitiateAuthentication,
      authenticateClientOfEs11: onCards.AuthenticateClient,
    },
    towardsLpas,
  )
  const inAsn1 = bindAsn1(ES11Asn1, onCards, towardsLpas)
  return {
    es11: chooseFetch(({ path }) => (path === ASN1_PATH ? inAsn1 : inJson)),
    es12: bindFunctions(ES12, onEvents, betweenServers),
    es15: smds.kind === 'root' ? bindFunctions(ES15, onEvents, betweenServers) : bindFunctions({}, {}, betweenServers),
  }
}

/** With another server's certificate, cards would refuse every session. */
const checkSigner = ({ certificate }: Credential): void => {
  try {
    checkKind(certificate, 'DSauth')
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause
    throw new SmdsError('bad-settings', `dsAuth is not a DSauth certificate: ${cause.message}`)
  }
}

const atOwnPath = <Row extends { readonly path: string }>(row: Row): Row => ({ ...row, path: toEs11Path(row) })
