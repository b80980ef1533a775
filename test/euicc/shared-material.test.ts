import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/asn1/bytes.ts'
import { createDefaultIdentity } from '../../src/euicc/state/identity.ts'
import { generateVector, nextSqn } from '../../src/profile/aka/auc.ts'
import { decodeProfilePackage } from '../../src/profile/package.ts'
import { getProfileSubscriber } from '../../src/profile/subscriber.ts'
import { type Pki, readPkiFolder } from '../../src/rsp/certificates/pki-folder.ts'
import { reissueTls } from '../../src/rsp/certificates/test-pki.ts'
import type { CurveName } from '../../src/rsp/crypto/curve.ts'
import { iccidFromDigits } from '../../src/rsp/identifiers.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import { SHARED } from '../paths.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from '../profile/ts48.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { createTestCard, exchangeHex, getTestPki, NOW } from './card.ts'
import { createDownload, createMetadata, downloadTo } from './smdp-side.ts'

/** The GSMA certificates of SGP.26 are not in the repository. Tests that need them are skipped without them. */
const folder = join(SHARED, 'sgp26')
const sgp26Missing = !existsSync(folder)
const sgp26Reason = sgp26Missing ? ' (skipped: no ../shared/sgp26 with the certificates)' : ''
const readSgp26Pki = (curve: CurveName): Pki => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => /\.(der|pem)$/.test(name))
  return readPkiFolder(new Map(files.map(name => [name, new Uint8Array(readFileSync(join(folder, name)))])), {
    curve,
    now: NOW,
    reissueTls: reissueTls({ random: seededRandom('tls'), now: NOW }),
  })
}

const installsAndAuthenticates = async (pki: Pki, profile: Uint8Array): Promise<void> => {
  const subscriber = getProfileSubscriber(decodeProfilePackage(profile))
  const iccid = iccidFromDigits(subscriber.iccid)
  const card = await createTestCard({ identity: createDefaultIdentity([pki], { rootDsAddress: 'ds.test' }) })
  const { dpAuth, dpPb, euicc } = pki
  // A TS.48 profile is a test profile: its key must be a test key.
  const metadata = createMetadata({ iccid, profileClass: 'test' })
  const result = await downloadTo(card, createDownload({ dpAuth, dpPb, euicc, profile, metadata }))
  expect(result?.profileInstallationResultData.value.finalResult.successResult).toBeDefined()
  const enabling = { profileIdentifier: { iccid }, refreshFlag: false }
  expect(await card.call(ES10c.EnableProfile, enabling)).toEqual({ enableResult: 'ok' })

  expect(await exchangeHex(card, '00a4040407a000000087100200')).toMatch(/^62.*9000$/)
  const { rand, autn, xres } = generateVector(subscriber.algorithm, {
    rand: seededRandom('rand')(16),
    sqn: nextSqn(subscriber.sqn),
  })
  const answer = await exchangeHex(card, `0088008122 10${toHex(rand)} 10${toHex(autn)} 00`)
  expect(answer.slice(0, 4 + 2 * xres.length)).toBe(`db${xres.length.toString(16).padStart(2, '0')}${toHex(xres)}`)
}

const CURVES = ['P-256', 'brainpoolP256r1'] as const

describe.skipIf(ts48Missing)(`TS.48 profiles under our own PKI${ts48Reason}`, () => {
  describe.each(CURVES)('on %s', curve => {
    it.each(TS48_NAMES)('the card installs %s, enables it and authenticates', name =>
      installsAndAuthenticates(getTestPki(curve), readTs48(name)),
    )
  })
})

describe.skipIf(ts48Missing || sgp26Missing)(`TS.48 profiles under SGP.26${ts48Reason}${sgp26Reason}`, () => {
  describe.each(CURVES)('on %s', curve => {
    it.each(TS48_NAMES)('the card installs %s, enables it and authenticates', name =>
      installsAndAuthenticates(readSgp26Pki(curve), readTs48(name)),
    )
  })
})
