import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/apdu/channel.ts'
import { concat } from '../../src/asn1/bytes.ts'
import { encode } from '../../src/asn1/schema.ts'
import { encodeTlv } from '../../src/asn1/tlv.ts'
import { copyMemory } from '../../src/euicc/state/memory.ts'
import { ES10a } from '../../src/rsp/interfaces/es10a.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import { ISD_R_AID } from '../../src/rsp/isdr.ts'
import { createTestCard, type TestCard } from './card.ts'
import { createAuthenticateRequest, createDownload, createPrepareRequest, downloadTo } from './smdp-side.ts'

const RUNS = { numRuns: 400, seed: 20_261_122 }

const byte = fc.integer({ min: 0, max: 255 })
const INS = [0x70, 0xa4, 0xe2, 0xc0, 0xca, 0xf2, 0x12, 0x14, 0x10, 0xaa, 0xb0, 0xb2, 0xd6, 0xdc, 0xa2, 0x20, 0x88, 0x32]
const TAGS = [...Object.values(ES10a), ...Object.values(ES10b), ...Object.values(ES10c)].flatMap(row => [
  ...(row.request.tags ?? [0xbf36]),
])
const aCommand = fc
  .record({
    cla: fc.oneof(fc.constantFrom(0x00, 0x80, 0x01, 0x81), byte),
    ins: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...INS) }, { weight: 1, arbitrary: byte }),
    p1: fc.oneof(fc.constantFrom(0x00, 0x04, 0x11, 0x91, 0x80), byte),
    p2: fc.oneof(fc.constantFrom(0x00, 0x01, 0x04), byte),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 255 }),
      fc.constantFrom(ISD_R_AID, Uint8Array.of(0x3f, 0x00), Uint8Array.of(0x2f, 0xe2)),
      fc
        .tuple(fc.constantFrom(...TAGS), fc.uint8Array({ maxLength: 100 }))
        .map(([tag, content]) => encodeTlv(tag, content)),
    ),
    le: fc.option(byte, { nil: undefined }),
    isHonest: fc.boolean(),
  })
  .map(({ cla, ins, p1, p2, data, le, isHonest }) =>
    concat(
      Uint8Array.of(cla, ins, p1, p2),
      isHonest ? concat(data.length > 0 ? Uint8Array.of(data.length) : data, data) : data,
      le === undefined ? new Uint8Array(0) : Uint8Array.of(le),
    ),
  )

/** Expects a response of valid length with a standard status word. 6F00 indicates an error of the simulator. */
const expectAnswer = async (channel: Channel, command: Uint8Array): Promise<number> => {
  const response = await channel.transmit(command)
  expect(response.length).toBeGreaterThanOrEqual(2)
  expect(response.length).toBeLessThanOrEqual(258)
  const status = (response[response.length - 2]! << 8) | response[response.length - 1]!
  expect(status >> 12 === 6 || status >> 12 === 9).toBe(true)
  expect(status).not.toBe(0x6f00)
  return status
}

const requests = (): [string, Uint8Array][] => [
  [
    'AuthenticateServer',
    encode(ES10b.AuthenticateServer.request, createAuthenticateRequest(createDownload(), new Uint8Array(16))),
  ],
  [
    'PrepareDownload',
    encode(ES10b.PrepareDownload.request, createPrepareRequest(createDownload(), new Uint8Array(64))),
  ],
  ['CancelSession', encode(ES10b.CancelSession.request, { transactionId: Uint8Array.of(1), reason: 'timeout' })],
  ['GetProfilesInfo', encode(ES10c.GetProfilesInfo.request, { tagList: Uint8Array.of(0x5a, 0x9f, 0x70) })],
  [
    'EnableProfile',
    encode(ES10c.EnableProfile.request, { profileIdentifier: { iccid: new Uint8Array(10) }, refreshFlag: true }),
  ],
  ['SetNickname', encode(ES10c.SetNickname.request, { iccid: new Uint8Array(10), profileNickname: 'name' })],
]
const storeInBlocks = async ({ channel, isdr }: TestCard, payload: Uint8Array): Promise<void> => {
  const cla = 0x80 | (await isdr())
  for (let block = 0; block * 255 < payload.length; block++) {
    const data = payload.subarray(block * 255, (block + 1) * 255)
    const isLast = (block + 1) * 255 >= payload.length
    await expectAnswer(channel, Uint8Array.of(cla, 0xe2, isLast ? 0x91 : 0x11, block, data.length, ...data, 0))
  }
}

describe('invalid commands', () => {
  it('the card answers random APDUs in any order and then installs a profile', async () => {
    const card = await createTestCard()
    await fc.assert(
      fc.asyncProperty(fc.array(aCommand, { maxLength: 20 }), async commands => {
        for (const command of commands) await expectAnswer(card.channel, command)
      }),
      RUNS,
    )
    await card.card.reset()
    const again = await createTestCard({ memory: card.memory })
    const { finalResult } = (await downloadTo(again))!.profileInstallationResultData.value
    expect(finalResult.successResult).toBeDefined()
  })

  it.each(requests())('the card rejects a damaged %s and keeps its state', async (_name, request) => {
    const card = await createTestCard()
    await downloadTo(card)
    const before = await copyMemory(card.memory)
    const damage = fc.record({
      at: fc.nat(request.length - 1),
      mask: fc.integer({ min: 1, max: 255 }),
      length: fc.integer({ min: 1, max: request.length + 3 }),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, mask, length }) => {
        const changed = concat(request, Uint8Array.of(1, 2, 3)).with(at, request[at]! ^ mask)
        await storeInBlocks(card, changed.subarray(0, length))
        await storeInBlocks(card, changed.subarray(0, request.length))
      }),
      { ...RUNS, numRuns: 150 },
    )
    expect(await copyMemory(card.memory)).toEqual(before)
  })
})
