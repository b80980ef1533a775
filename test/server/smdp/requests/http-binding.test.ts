import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ES2p } from '../../../../src/rsp/interfaces/es2p.ts'
import { ES9p } from '../../../../src/rsp/interfaces/es9p.ts'
import { ADDRESS, createSmdpFixture, post } from '../smdp-fixture.ts'

const path = ES9p.InitiateAuthentication.path
const statusOf = async (response: Response) => {
  const json = await response.json()
  expect(Object.keys(json)).toEqual(['header'])
  const { status, statusCodeData } = json.header.functionExecutionStatus
  expect(status).toBe('Failed')
  return `${statusCodeData.subjectCode}/${statusCodeData.reasonCode}`
}

describe('the JSON binding (SGP.22 §6.5)', () => {
  it.each([
    ['gsma/rsp/v2.2.2', 'gsma/rsp/v2.2.2'],
    ['gsma/rsp/v2.1.0', 'gsma/rsp/v2.1.0'],
    ['gsma/rsp/v2.6', 'gsma/rsp/v2.6'],
    ['gsma/rsp/v3.0.0', 'gsma/rsp/v2.5.0'],
  ])('answers a caller of %s as %s', async (asked, answered) => {
    const { smdp } = await createSmdpFixture()
    const response = await smdp.es9p(post(path, '{}', { 'X-Admin-Protocol': asked }))
    expect(response.headers.get('X-Admin-Protocol')).toBe(answered)
    expect(response.headers.get('Content-Type')).toBe('application/json;charset=UTF-8')
  })

  it.each([
    ['no JSON', '{', '1.3.1/2.1'],
    ['nothing', '', '1.3.1/2.1'],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), '1.3.1/2.1'],
    ['no object', '[]', '1.6/2.1'],
    ['a missing member', '{"smdpAddress":"a"}', '1.6/2.2'],
    ['a member of the wrong type', '{"smdpAddress":1,"euiccChallenge":2,"euiccInfo1":3}', '1.6/2.1'],
    [
      'a challenge of 15 bytes',
      `{"smdpAddress":"a","euiccInfo1":"vyAA","euiccChallenge":"${'A'.repeat(20)}"}`,
      '1.6/2.1',
    ],
    ['no base64', '{"smdpAddress":"a","euiccInfo1":"%","euiccChallenge":"%"}', '1.6/2.1'],
    ['truncated BER', `{"smdpAddress":"a","euiccInfo1":"vyD/","euiccChallenge":"${'A'.repeat(22)}=="}`, '1.6/2.1'],
  ])('400: %s', async (_, body, pair) => {
    const { smdp, defects } = await createSmdpFixture()
    const response = await smdp.es9p(post(path, body))
    expect(response.status).toBe(400)
    expect(await statusOf(response)).toBe(pair)
    expect(defects).toEqual([])
  })

  it.each([
    ['no protocol header', { 'X-Admin-Protocol': '' }, '1.2.2/2.1'],
    ['another protocol', { 'X-Admin-Protocol': 'gsma/rsp/2.2.2' }, '1.2.2/2.1'],
    ['another content', { 'Content-Type': 'text/plain' }, '1.2.1/2.1'],
    ['content that only begins like JSON', { 'Content-Type': 'application/jsonp' }, '1.2.1/2.1'],
  ])('400: %s', async (_, headers, pair) => {
    const { smdp } = await createSmdpFixture()
    const response = await smdp.es9p(post(path, '{}', headers as Record<string, string>))
    expect(response.status).toBe(400)
    expect(await statusOf(response)).toBe(pair)
  })

  it('takes parameters behind the content type', async () => {
    const { smdp } = await createSmdpFixture()
    const response = await smdp.es9p(post(path, '{}', { 'Content-Type': 'Application/JSON ; charset=utf-8' }))
    expect(await statusOf(response)).toBe('1.6/2.2')
  })

  it.each(['confirmDeviceChange', 'checkEvent', 'checkProgress', 'checkOrder'])(
    'answers %s, which is of another version, as a function that is not supported',
    async name => {
      const { smdp } = await createSmdpFixture()
      const response = await smdp.es9p(
        post(`/gsma/rsp2/es9plus/${name}`, '{}', { 'X-Admin-Protocol': 'gsma/rsp/v2.4.0' }),
      )
      expect([response.status, response.headers.get('X-Admin-Protocol')]).toEqual([200, 'gsma/rsp/v2.4.0'])
      expect(await statusOf(response)).toBe('1.6/3.1')
    },
  )

  it.each(['/', '/gsma/rsp2/es9plus/', '/gsma/rsp2/es11/authenticateClient', '/gsma/rsp2/es9plus/a/b'])(
    '404: %s is no function here',
    async other => {
      const { smdp } = await createSmdpFixture()
      const response = await smdp.es9p(post(other, '{}'))
      expect(response.status).toBe(404)
      expect(await statusOf(response)).toBe('1.6/3.1')
    },
  )

  it('405: another method', async () => {
    const { smdp } = await createSmdpFixture()
    const response = await smdp.es9p(new Request(`https://${ADDRESS}${path}`))
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'POST'])
    expect(await statusOf(response)).toBe('1.6/2.1')
  })

  it('413: a message that is longer than any', async () => {
    const { smdp } = await createSmdpFixture()
    const response = await smdp.es9p(post(path, ' '.repeat(300_000)))
    expect(response.status).toBe(413)
  })

  it('400: a connection that breaks off', async () => {
    const { smdp, defects } = await createSmdpFixture()
    const body = new ReadableStream({ pull: controller => controller.error(new Error('reset')) })
    const request = new Request(post(path, '{}'), { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect((await smdp.es9p(request)).status).toBe(400)
    expect(defects).toEqual([])
  })

  it('An unexpected error is reported without details', async () => {
    const { smdp, store, defects, initiate, card } = await createSmdpFixture()
    store.addSession = () => Promise.reject(new Error('the disk says: password is sesame'))
    const answer = await initiate(card)
    expect(answer).toMatchObject({ failed: '1.2/4.2', http: 200 })
    expect(JSON.stringify(answer)).not.toContain('sesame')
    expect(defects).toHaveLength(1)
    expect((await smdp.es9p(post(path, '{}'))).status).toBe(400)
  })
})

describe('arbitrary requests', () => {
  const rows = [...Object.values(ES9p), ...Object.values(ES2p)]
  /** Members by their right names, with all kinds of content. */
  const bodies = (row: (typeof rows)[number]) => {
    const base64 = fc.uint8Array({ maxLength: 80 }).map(bytes => Buffer.from(bytes).toString('base64'))
    const tagged = fc
      .tuple(fc.constantFrom('bf20', 'bf38', 'bf21', 'bf41', 'bf37', '30', '5f37'), fc.uint8Array({ maxLength: 60 }))
      .map(([tag, bytes]) =>
        Buffer.from(
          `${tag}${Buffer.from([bytes.length]).toString('hex')}${Buffer.from(bytes).toString('hex')}`,
          'hex',
        ).toString('base64'),
      )
    const value = fc.oneof(base64, tagged, fc.stringMatching(/^[0-9a-fA-F]{0,32}$/), fc.jsonValue(), fc.string())
    const names = [
      'euiccChallenge',
      'euiccInfo1',
      'smdpAddress',
      'transactionId',
      'authenticateServerResponse',
      'prepareDownloadResponse',
      'pendingNotification',
      'cancelSessionResponse',
      'iccid',
      'eid',
      'matchingId',
      'profileType',
      'releaseFlag',
      'finalProfileStatusIndicator',
      'confirmationCode',
      'smdsAddress',
    ]
    const header = fc.constant({ functionRequesterIdentifier: 'A', functionCallIdentifier: 'B' })
    const object = fc.tuple(header, fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 16 }))
    return fc
      .oneof(
        fc.string(),
        fc.json(),
        object.map(([header, members]) => JSON.stringify({ header, ...members })),
      )
      .map(body => ({ row, body }))
  }

  it('An arbitrary request is answered in the form of the binding, and not with 500', async () => {
    const { smdp, defects } = await createSmdpFixture()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...rows).chain(bodies), async ({ row, body }) => {
        const server = row.interface === 'ES9+' ? smdp.es9p : smdp.es2p
        const response = await server(post(row.path, body))
        expect([200, 204, 400, 404]).toContain(response.status)
        if (response.status !== 204) expect(await response.json()).toHaveProperty('header.functionExecutionStatus')
      }),
      { numRuns: 1000, seed: 22 },
    )
    expect(defects).toEqual([])
  })
})
