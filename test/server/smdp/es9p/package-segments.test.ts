import { describe, expect, it } from 'vitest'
import { concat, equalBytes, fromHex } from '../../../../src/asn1/bytes.ts'
import { decode } from '../../../../src/asn1/schema.ts'
import { segmentPackage } from '../../../../src/lpa/card/segments.ts'
import { hashConfirmationCode } from '../../../../src/rsp/crypto/confirmation-code.ts'
import { BoundProfilePackage } from '../../../../src/rsp/interfaces/es8p.ts'
import { openPackage } from '../../../../src/rsp/package/open.ts'
import type { SmdpSettings } from '../../../../src/server/smdp/settings.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { accepted, createSmdpFixture, ICCID, testPki } from '../smdp-fixture.ts'

const profile = seededRandom('profile')(20_000)
/** With names of full length, the largest icon and one event, a StoreMetadataRequest has more than one segment. */
const facts = {
  serviceProviderName: 'S'.repeat(32),
  profileName: 'P'.repeat(64),
  icon: { type: 'png' as const, bytes: seededRandom('icon')(1024) },
}

const download = async (settings: Partial<SmdpSettings> = {}, confirmationCode?: string) => {
  const fixture = await createSmdpFixture({ package: profile, ...settings })
  await fixture.order(confirmationCode === undefined ? {} : { confirmationCode })
  const order = (await fixture.store.findOrder(ICCID))!
  await fixture.store.saveOrder({ ...order, metadata: facts })
  const ok = accepted(await fixture.authenticate(fixture.card))
  expect(ok.smdpSigned2.value.ccRequiredFlag).toBe(confirmationCode !== undefined)
  const hashCc = confirmationCode && hashConfirmationCode(confirmationCode, ok.transactionId)
  const { pair, response } = fixture.card.prepareDownload(ok, hashCc ? { hashCc } : {})
  const { boundProfilePackage } = accepted(await fixture.sendPrepared(ok.transactionId, response))
  return { fixture, ok, pair, boundProfilePackage }
}
const exchangesOf = (boundProfilePackage: Uint8Array, block = 255): number =>
  segmentPackage(boundProfilePackage).segments.reduce((sum, { length }) => sum + Math.ceil(length / block), 0)

describe('the segments of a bound package', () => {
  it('fill the 255-byte blocks that a card takes: exchanges and bytes by their size', async () => {
    const measured = new Map<number, [exchanges: number, bytes: number]>()
    for (const segmentSize of [255, 300, 510, 765, 1000, 1019, 1020]) {
      const { boundProfilePackage } = await download({ segmentSize })
      measured.set(segmentSize, [exchangesOf(boundProfilePackage), boundProfilePackage.length])
    }
    // 22 kB of package: 1020 needs the fewest of both. Lengths that are no multiple of 255 end each segment in a stub.
    expect(Object.fromEntries(measured)).toEqual({
      255: [95, 22_602],
      300: [153, 22_494],
      510: [91, 22_091],
      765: [90, 21_897],
      1000: [93, 21_824],
      1019: [91, 21_823],
      1020: [90, 21_812],
    })
  })

  it('Segments have a default size of 1020 bytes: four full blocks each, except the last', async () => {
    const { boundProfilePackage } = await download()
    const { sequenceOf86 } = decode(BoundProfilePackage, boundProfilePackage)
    // The schema gives contents; tag and length of a segment of 1020 bytes are four more.
    const lengths = sequenceOf86.map(({ length }) => length + 4)
    expect(new Set(lengths.slice(0, -1))).toEqual(new Set([1020]))
    expect(1020 % 255).toBe(0)
  })
})

describe.each(['profile-keys', 'session-keys'] as const)('a package under %s', profileProtection => {
  it.each([
    ['P-256', undefined],
    ['P-256', '1234'],
    ['brainpoolP256r1', undefined],
    ['brainpoolP256r1', '1234'],
  ] as const)('opens on %s with confirmation code %s, its metadata in two segments', async (curve, code) => {
    const { fixture, ok, pair, boundProfilePackage } = await download(
      { profileProtection, credentials: [testPki(curve)], ...({ curve } as object) },
      code,
    )
    const { sequenceOf88, secondSequenceOf87 } = decode(BoundProfilePackage, boundProfilePackage)
    expect(sequenceOf88).toHaveLength(2)
    expect(secondSequenceOf87 !== undefined).toBe(profileProtection === 'profile-keys')
    const opened = openPackage({
      transactionId: ok.transactionId,
      eid: fromHex(fixture.card.eid),
      euiccOneTimeKey: pair,
      smdpPublicKey: fixture.pki.dpPb.certificate.publicKey,
    })
    const commands = [...opened.feed(boundProfilePackage)]
    const elements = commands.flatMap(command => (command.command === 'loadProfileElements' ? [command.data] : []))
    expect(equalBytes(concat(...elements), profile)).toBe(true)
    expect(commands.find(({ command }) => command === 'storeMetadata')).toMatchObject({
      bytes: ok.profileMetadata.bytes,
    })
  })

  it('is the same for the same one-time key in another session, and another for a new one', async () => {
    const { fixture, pair, boundProfilePackage } = await download({ profileProtection })
    const again = accepted(await fixture.authenticate(fixture.card))
    expect(equalBytes(again.smdpSigned2.value.bppEuiccOtpk!, pair.publicKey)).toBe(true)
    const same = accepted(await fixture.getPackage(fixture.card, again, { pair })).boundProfilePackage
    const elementsOf = (bytes: Uint8Array) => decode(BoundProfilePackage, bytes).sequenceOf86.map(String)
    expect(elementsOf(same)).toEqual(elementsOf(boundProfilePackage))
    const third = accepted(await fixture.authenticate(fixture.card))
    const other = accepted(await fixture.getPackage(fixture.card, third)).boundProfilePackage
    expect(elementsOf(other)).not.toEqual(elementsOf(boundProfilePackage))
  })
})
