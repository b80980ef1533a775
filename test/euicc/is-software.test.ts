import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/asn1/bytes.ts'
import { ES10a } from '../../src/rsp/interfaces/es10a.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import { createTestCard, getTestPki, testIdentity } from './card.ts'

describe('configured addresses', () => {
  it('SetDefaultDpAddress replaces or deletes the default address, and eUICCMemoryReset restores it', async () => {
    const card = await createTestCard()
    const addresses = () => card.call(ES10a.GetEuiccConfiguredAddresses, {})
    const set = (defaultDpAddress: string) => card.call(ES10a.SetDefaultDpAddress, { defaultDpAddress })
    expect(await addresses()).toEqual({ defaultDpAddress: 'smdp.test', rootDsAddress: 'ds.test' })
    expect(await set('other.test')).toEqual({ setDefaultDpAddressResult: 'ok' })
    expect(await addresses()).toEqual({ defaultDpAddress: 'other.test', rootDsAddress: 'ds.test' })
    await set('')
    expect(await addresses()).toEqual({ rootDsAddress: 'ds.test' })
    const reset = { resetOptions: ['resetDefaultSmdpAddress'] as const }
    expect(await card.call(ES10c.eUICCMemoryReset, reset)).toEqual({ resetResult: 'ok' })
    expect((await addresses()).defaultDpAddress).toBe('smdp.test')
  })
})

describe('GetEUICCInfo1 and 2', () => {
  it('GetEUICCInfo1 and GetEUICCInfo2 list the CIs of both curves in the order of preference', async () => {
    const curves = ['brainpoolP256r1', 'P-256'] as const
    const card = await createTestCard({ identity: testIdentity(curves) })
    const ids = curves.map(curve => toHex(getTestPki(curve).ci.certificate.subjectKeyId!))
    for (const row of [ES10b.GetEUICCInfo1, ES10b.GetEUICCInfo2]) {
      const { value } = await card.call<object, { value: { euiccCiPKIdListForSigning: readonly Uint8Array[] } }>(
        row,
        {},
      )
      expect(value.euiccCiPKIdListForSigning.map(toHex)).toEqual(ids)
    }
  })
  it('GetEUICCInfo2 returns version, capabilities and resources', async () => {
    const { value } = await (await createTestCard()).call(ES10b.GetEUICCInfo2, {})
    expect(value).toMatchObject({
      svn: Uint8Array.of(2, 5, 0),
      rspCapability: expect.arrayContaining(['additionalProfile', 'crlSupport', 'testProfileSupport']),
      uiccCapability: expect.arrayContaining(['usimSupport', 'akaMilenage']),
    })
    // TS 102 226 §8.2.1.7.2: no application, a megabyte, 64 kB.
    expect(toHex(value.extCardResource)).toBe('81040000000082040010000083040001 0000'.replace(' ', ''))
  })
})

describe('GetRAT', () => {
  it('GetRAT returns the Rules Authorisation Table of the identity', async () => {
    const { rat } = await (await createTestCard()).call(ES10b.GetRAT, {})
    expect(rat).toEqual(testIdentity().rulesAuthorisationTable)
  })
})
