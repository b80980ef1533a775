import { expect, it } from 'vitest'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { toRule } from '../../../src/services/smdp/fault-file.ts'
import { testPki } from '../../server/smdp/smdp-fixture.ts'

it('a faulty certificate has exactly one defect on either curve: curve and CI are the same', () => {
  const sets = [testPki('P-256'), testPki('brainpoolP256r1')]
  const context = { sets, random: (length: number) => new Uint8Array(length).fill(7), folder: '.' }
  const { fault } = toRule(
    { function: 'InitiateAuthentication', kind: 'wrong-certificate', certificate: 'expired' },
    { ...context, now: new Date('2026-06-01') },
  )
  if (fault.kind !== 'wrong-certificate' || typeof fault.certificate !== 'function') throw new Error('not made')
  for (const { curve, ci } of sets) {
    const made = parseCertificate(fault.certificate(curve).der)
    expect(made.curve).toBe(curve)
    expect(made.authorityKeyId).toEqual(ci.certificate.subjectKeyId)
    expect(made.notAfter.getTime()).toBeLessThan(new Date('2026-06-01').getTime())
  }
})
