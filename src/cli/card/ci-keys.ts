/** The owner of a CI key, and whether it signs for live networks. */
export interface CiKey {
  readonly name: string
  readonly kind: 'live' | 'test'
}

/**
 * Certificate issuers by key identifier. Live ones are published by the GSMA
 * (gsma.com/solutions-and-impact/technologies/esim/gsma-root-ci), test ones are in SGP.26.
 */
const KNOWN: Readonly<Record<string, CiKey>> = {
  '81370F5125D0B1D408D4C3B232E6D25E795BEBFB': { name: 'GSM Association - RSP2 Root CI1', kind: 'live' },
  '4C27967AD20C14B391E9601E41E604AD57C0222F': { name: 'OISTE GSMA CI G1', kind: 'live' },
  F54172BDF98A95D65CBEB88A38A1C11D800A85C3: { name: 'SGP.26 test CI, NIST P-256', kind: 'test' },
  C0BC70BA36929D43B467FF57570530E57AB8FCD8: { name: 'SGP.26 test CI, brainpoolP256r1', kind: 'test' },
  '34EECF13156518D48D30BDF06853404D115F955D': { name: 'SGP.26 v3 test CI, NIST P-256', kind: 'test' },
  '2209F61CD9EC5C9C854E787341FF83ECF9776A5B': { name: 'SGP.26 v3 test CI, brainpoolP256r1', kind: 'test' },
}

/** Names a CI key; `own` is the key identifier of the CI that this bench uses. */
export const nameCiKey = (id: string, own: string | undefined): CiKey | undefined =>
  KNOWN[id.toUpperCase()] ??
  (own !== undefined && own.toUpperCase() === id.toUpperCase()
    ? { name: 'the CI of the certificates in use', kind: 'test' }
    : undefined)
