import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from 'vitest'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { type Pki, readPkiFolder } from '../../../src/rsp/certificates/pki-folder.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { SHARED } from '../../paths.ts'
import { createCardRole } from '../../server/smdp/es9p/card-role.ts'
import { ADDRESS, accepted, ICCID, MATCHING_ID, refused, START } from '../../server/smdp/smdp-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures } from '../conformance.ts'
import { type End, OPERATOR_A, openEnd, tlsIdentityOf, towards, trustOf } from '../sockets.ts'

/** The name in SGP.26's TLS certificates of its first SM-DP+. */
const HOST = 'testsmdpplus1.example.com'
// The certificates and keys of GSMA SGP.26 are not ours to keep; they are found beside the repository.
const FOLDER = join(SHARED, 'sgp26')
const CURVES = ['P-256', 'brainpoolP256r1'] as const

const readFolder = (): ReadonlyMap<string, Uint8Array> =>
  new Map(
    readdirSync(FOLDER, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => {
        const path = join(entry.parentPath, entry.name)
        return [relative(FOLDER, path), new Uint8Array(readFileSync(path))]
      }),
  )
const readPkis = (): readonly Pki[] => CURVES.map(curve => readPkiFolder(readFolder(), { curve, now: START }))

/** A server with SGP.26's certificates of both curves on one port, and the LPA of a card with one of them. */
const withServer = async (
  at: Conformance,
  curve: CurveName,
  run: (there: {
    fixture: Awaited<ReturnType<Conformance['smdp']>>
    pki: Pki
    end: End
    /** The certificate that the server showed in TLS. */
    shown: Uint8Array[]
  }) => Promise<void>,
): Promise<void> => {
  const pkis = readPkis()
  const pki = pkis[CURVES.indexOf(curve)]!
  const end = await openEnd(pkis.map(each => tlsIdentityOf(each, each.dpTls, HOST)))
  const shown: Uint8Array[] = []
  const trust = trustOf(pki)
  const lpa = at.sockets.client(
    {
      prefer: curve,
      check: (chain, host) => {
        shown.push(chain[0]!)
        trust(chain, host)
      },
    },
    new Map([[HOST, at.sockets.here(end.port)]]),
  )
  try {
    const fixture = await at.smdp({
      address: HOST,
      credentials: pkis,
      over: smdp => {
        end.answer = smdp.es9p
        at.sockets.ends.es2.answer = smdp.es2p
        return { es9p: towards(HOST, lpa), es2p: towards(ADDRESS, at.sockets.caller(OPERATOR_A, 'es2', ADDRESS)) }
      },
    })
    await run({ fixture, pki, end, shown })
  } finally {
    await end.close()
  }
}

const refuses =
  (name: string): Procedure =>
  at =>
    withServer(at, 'P-256', async ({ fixture, pki }) => {
      const card = createCardRole(pki)
      await fixture.order({ eid: card.eid })
      const der = readFolder().get(`InvalidTestCases/${name}.der`)!
      // All faulty eUICC certificates are over the one test key.
      const faulty = name.includes('_EUM_')
        ? { eum: der }
        : { euicc: { certificate: parseCertificate(der), privateKey: pki.euicc.privateKey } }
      at.refuses(await fixture.authenticate(card, { matchingId: MATCHING_ID, ...faulty }))
      expect(refused(await fixture.authenticate(card))).toBe('accepted')
    })

const downloads =
  (curve: CurveName): Procedure =>
  at =>
    withServer(at, curve, async ({ fixture, pki }) => {
      const card = createCardRole(pki)
      await fixture.order({ eid: card.eid, confirmationCode: '1234' })
      const ok = accepted(await fixture.authenticate(card))
      expect(ok.smdpCertificate).toEqual(pki.dpPb.certificate.der)
      expect(refused(await fixture.getPackage(card, ok))).toBe('8.2.7/2.2')
      accepted(await fixture.operate('CancelOrder', { iccid: ICCID, finalProfileStatusIndicator: 'Available' }))
      await fixture.order({ eid: card.eid })
      const taken = await fixture.download(card)
      await fixture.notify(card.installationResult(taken.ok.transactionId, ICCID))
      expect(await fixture.stateOf()).toBe('Installed')
      expect(fixture.defects).toEqual([])
    })

export const SGP26: Procedures = {
  ...procedures('EB_SGP26.AuthenticateClient', {
    '#01': refuses('CERT_EUICC_ECDSA_NIST_EXPIRED'),
    '#02': refuses('CERT_EUICC_ECDSA_NIST_INVALID'),
    '#03': refuses('CERT_EUICC_ECDSA_NIST_INVALID_EID'),
    '#04': refuses('CERT_EUICC_ECDSA_NIST_UNMATCHED_EID'),
    '#05': refuses('CERT_EUM_ECDSA_NIST_EXPIRED'),
    '#06': refuses('CERT_EUM_ECDSA_NIST_INVALID'),
    '#07': refuses('CERT_EUM_ECDSA_NIST_UNKNOWN_CI'),
  }),
  ...procedures('EB_SGP26.Download', {
    '#01': downloads('P-256'),
    '#02': downloads('brainpoolP256r1'),
    '#03': async at => {
      for (const curve of CURVES)
        await withServer(at, curve, async ({ fixture, pki, shown }) => {
          expect(refused(await fixture.initiate(createCardRole(pki)))).toBe('accepted')
          const [certificate] = shown.map(parseCertificate)
          expect([certificate!.curve, certificate!.dnsNames]).toEqual([curve, [HOST]])
        })
    },
  }),
}
