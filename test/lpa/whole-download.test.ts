import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/asn1/bytes.ts'
import { keep } from '../../src/asn1/schema.ts'
import { toDeviceInfo } from '../../src/lpa/card/device-info.ts'
import { PrepareDownloadResponse } from '../../src/rsp/authentication.ts'
import { hashConfirmationCode } from '../../src/rsp/crypto/confirmation-code.ts'
import { FetchError } from '../../src/rsp/fetch.ts'
import { iccidFromDigits } from '../../src/rsp/identifiers.ts'
import { ES9p } from '../../src/rsp/interfaces/es9p.ts'
import { ES10a } from '../../src/rsp/interfaces/es10a.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import {
  HOST,
  ICCID,
  ISDP_AID,
  LISTED,
  METADATA,
  OTHER_CI,
  OTHER_TRANSACTION,
  SEGMENTS,
  type Twist,
  tell,
} from './download-fixture.ts'
import { told } from './fake-card.ts'
import { served } from './fake-server.ts'

describe('download without errors (SGP.22 §3.1.3)', () => {
  it('A download calls the functions in order and closes its channel', async () => {
    const { download, error, card, server, removed, cancelled, events } = await tell()
    expect(error).toBeUndefined()
    expect(download).toMatchObject({ smdpAddress: HOST, iccid: ICCID, seqNumber: 0, notificationSent: true })
    expect(toHex(download!.isdpAid)).toBe(toHex(ISDP_AID))
    expect(card.log).toEqual([
      'GetEUICCInfo1',
      'GetEUICCChallenge',
      'AuthenticateServer',
      'PrepareDownload',
      ...Array<string>(SEGMENTS).fill('segment'),
      'RemoveNotificationFromList',
      'GetProfilesInfo',
    ])
    expect(server.log).toEqual(
      ['InitiateAuthentication', 'AuthenticateClient', 'GetBoundProfilePackage', 'HandleNotification'].map(
        name => `${HOST} ${name}`,
      ),
    )
    expect([removed, cancelled, card.open.size]).toEqual([[0], [], 0])
    const progress = events.filter(event => event.kind === 'progress')
    expect(progress.length).toBe(SEGMENTS)
    expect(progress.at(-1)).toMatchObject({ done: download!.packageLength, total: download!.packageLength })
  })

  it('Each request contains the protocol header, and no header in the body', async () => {
    const { server } = await tell()
    for (const request of server.requests) {
      expect(request.headers.get('x-admin-protocol')).toMatch(/^gsma\/rsp\/v2\.\d+\.\d+$/)
      expect(request.headers.get('content-type')).toBe('application/json')
      expect(await request.json()).not.toHaveProperty('header')
    }
  })

  it('The user sees the metadata before the package is bound', async () => {
    const { asked } = await tell()
    expect(asked).toMatchObject([
      { metadata: { profileName: 'Plan' }, terms: { confirmationCodeRequired: false, ppr: [] } },
    ])
    expect(asked[0]!.heard).toEqual([`${HOST} InitiateAuthentication`, `${HOST} AuthenticateClient`])
  })

  it('The default SM-DP+ address is used only on request', async () => {
    const { download, card } = await tell({}, undefined, { defaultSmdp: true })
    expect(download?.smdpAddress).toBe(HOST)
    expect(card.log[0]).toBe('GetEuiccConfiguredAddresses')
    const none = [told(ES10a.GetEuiccConfiguredAddresses, () => ({ rootDsAddress: '' }))]
    const { error } = await tell({ card: none }, undefined, { defaultSmdp: true })
    expect(error).toMatchObject({ code: 'no-address', fault: 'user' })
  })

  it('The confirmation code is sent as a hash', async () => {
    let given: Uint8Array | undefined
    const card = [
      told(ES10b.PrepareDownload, ({ hashCc }) => {
        given = hashCc
        return keep(PrepareDownloadResponse, {
          downloadResponseError: { transactionId: OTHER_TRANSACTION, downloadErrorCode: 127 },
        })
      }),
    ]
    const { asked } = await tell({ ccRequired: true, card }, { accepted: true, confirmationCode: '1234' })
    expect(asked[0]?.terms.confirmationCodeRequired).toBe(true)
    expect(toHex(given!)).toBe(toHex(hashConfirmationCode('1234', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))))
  })

  it('SM-DP+ addresses ignore the letter case', async () => {
    expect((await tell({ serverAddress: 'SMDP.Example.COM' })).error).toBeUndefined()
    // A server that names its port is the same server; lpac's users write the port where the name belongs.
    expect((await tell({ serverAddress: 'smdp.example.com:8443' })).error).toBeUndefined()
  })

  it('An installation remains if its notification cannot be delivered', async () => {
    const { download, removed, events } = await tell({
      server: [served(ES9p.HandleNotification, () => new Response('busy', { status: 503 }))],
    })
    expect(download).toMatchObject({ iccid: ICCID, notificationSent: false })
    expect(removed).toEqual([])
    expect(events).toContainEqual(expect.objectContaining({ kind: 'noted', text: expect.stringContaining('remains') }))
  })

  it('The notification is sent to its address, also with spaces around it', async () => {
    const { server } = await tell({ notificationAddress: ' notify.example.com\n' })
    expect(server.log.at(-1)).toBe('notify.example.com HandleNotification')
  })
})

const prepareRefuses = told(ES10b.PrepareDownload, ({ smdpSigned2 }) =>
  keep(PrepareDownloadResponse, {
    downloadResponseError: {
      transactionId: smdpSigned2.value.transactionId,
      downloadErrorCode: 'invalidSignature' as const,
    },
  }),
)
const refuses = (row: Parameters<typeof served>[0]) =>
  served(row, () => ({ refused: { subjectCode: '8.2.6', reasonCode: '3.8', message: 'no' } }))
const otherIccid = { ...METADATA, iccid: iccidFromDigits('89049032123451234520') }

describe('download with one changed value', () => {
  it.each<[string, Twist, object, unknown[]]>([
    // Before the card holds a session there is nothing to cancel.
    [
      'another server address',
      { serverAddress: 'evil.example.com' },
      { code: 'server-mismatch', fault: 'server', data: { field: 'serverAddress' } },
      [],
    ],
    [
      'another challenge',
      { euiccChallenge: new Uint8Array(16) },
      { code: 'server-mismatch', data: { field: 'euiccChallenge' } },
      [],
    ],
    [
      'a CI that the card does not sign under',
      { ciToBeUsed: OTHER_CI },
      { code: 'server-mismatch', data: { field: 'euiccCiPKIdToBeUsed' } },
      [],
    ],
    [
      'another transaction in serverSigned1',
      { transactionIds: { signed1: OTHER_TRANSACTION } },
      { code: 'server-mismatch', data: { field: 'serverSigned1.transactionId' } },
      [],
    ],
    [
      'a card that signs another transaction',
      { transactionIds: { card: OTHER_TRANSACTION } },
      { code: 'card-mismatch', fault: 'card', data: { field: 'transactionId' } },
      [],
    ],
    [
      'a card that signs another challenge',
      { serverChallengeSigned: new Uint8Array(16) },
      { code: 'card-mismatch', data: { field: 'serverChallenge' } },
      [],
    ],
    [
      'a server that refuses the client',
      { server: [refuses(ES9p.AuthenticateClient as never)] },
      {
        code: 'server-refused',
        fault: 'server',
        data: { subjectCode: '8.2.6', reasonCode: '3.8', serverMessage: 'no' },
      },
      [],
    ],
    // From here on the session is cancelled with the true reason.
    [
      'another transaction in AuthenticateClient',
      { transactionIds: { client: OTHER_TRANSACTION } },
      { code: 'server-mismatch', data: { field: 'transactionId', step: 'ES9+.AuthenticateClient' } },
      ['undefinedReason'],
    ],
    [
      'another transaction in smdpSigned2',
      { transactionIds: { signed2: OTHER_TRANSACTION } },
      { code: 'server-mismatch', data: { field: 'smdpSigned2.transactionId' } },
      ['undefinedReason'],
    ],
    [
      'a card that refuses the binding certificate',
      { card: [prepareRefuses] },
      { code: 'card-refused', fault: 'server', data: { result: 'invalidSignature' } },
      ['undefinedReason'],
    ],
    [
      'another transaction with the package',
      { transactionIds: { bound: OTHER_TRANSACTION } },
      { code: 'server-mismatch', data: { step: 'ES9+.GetBoundProfilePackage' } },
      ['undefinedReason'],
    ],
    [
      'a package for another ICCID',
      { boundMetadata: otherIccid },
      { code: 'metadata-mismatch', fault: 'server', data: { field: 'iccid' } },
      ['metadataMismatch'],
    ],
    [
      'a package for another name',
      { boundMetadata: { ...METADATA, profileName: 'Plan B' } },
      { code: 'metadata-mismatch', data: { field: 'profileMetadata' } },
      ['metadataMismatch'],
    ],
    [
      'a profile with PPR1 that the card does not allow',
      { metadata: { ...METADATA, profilePolicyRules: ['ppr1'] } },
      { code: 'ppr-not-allowed', data: { field: 'ppr1' } },
      ['pprNotAllowed'],
    ],
    [
      'a status word in the middle of the package',
      { onSegment: index => (index === 4 ? 0x6a80 : undefined) },
      { code: 'card-refused', fault: 'card', data: { status: 0x6a80 } },
      ['loadBppExecutionError'],
    ],
    [
      'a card that gives no result',
      { resultAt: -1 },
      { code: 'bad-card-answer', fault: 'card' },
      ['loadBppExecutionError'],
    ],
    [
      'a result that cannot be read',
      { onSegment: index => (index === 4 ? Uint8Array.of(0x30, 0) : undefined) },
      { code: 'bad-card-answer' },
      ['loadBppExecutionError'],
    ],
    // The result ends the session by itself.
    [
      'a result for another transaction',
      { transactionIds: { result: OTHER_TRANSACTION } },
      { code: 'card-mismatch', data: { field: 'transactionId' } },
      [],
    ],
    [
      'a result for another ICCID',
      { resultIccid: otherIccid.iccid },
      { code: 'card-mismatch', data: { field: 'iccid' } },
      [],
    ],
    ['a card that lists nothing new', { listed: [] }, { code: 'state-not-changed', fault: 'card' }, []],
    [
      'a card that lists another name',
      { listed: [{ ...LISTED, profileName: 'Plan B' }] },
      { code: 'card-mismatch', data: { field: 'profileName' } },
      [],
    ],
    [
      'a card that lists another class',
      { listed: [{ ...LISTED, profileClass: 'test' }] },
      { code: 'card-mismatch', data: { field: 'profileClass' } },
      [],
    ],
    [
      'a card that lists no owner',
      { listed: [{ ...LISTED, profileOwner: undefined }] },
      { code: 'card-mismatch', fault: 'card', data: { field: 'profileOwner' } },
      [],
    ],
    [
      'a card that enables what it installs',
      { listed: [{ ...LISTED, profileState: 'enabled' }] },
      { code: 'card-mismatch', fault: 'card', data: { field: 'profileState' } },
      [],
    ],
    [
      'a card that lists another ISD-P than its result names',
      { listed: [{ ...LISTED, isdpAid: Uint8Array.of(...ISDP_AID.slice(0, -1), 0x77) }] },
      { code: 'card-mismatch', fault: 'card', data: { field: 'isdpAid' } },
      [],
    ],
    [
      'a result that the card did not sign',
      { resultSignature: new Uint8Array(64).fill(0x55) },
      { code: 'card-mismatch', fault: 'card', data: { field: 'euiccSignPIR' } },
      [],
    ],
    [
      'a card that signs another matching id',
      {
        ctxParamsSigned: {
          ctxParamsForCommonAuthentication: { matchingId: 'ANOTHER', deviceInfo: toDeviceInfo('35290611') },
        },
      },
      { code: 'card-mismatch', fault: 'card', data: { field: 'ctxParams1' } },
      [],
    ],
  ])('%s', async (_name, twist, expected, cancelledWith) => {
    const { error, download, cancelled, card } = await tell(twist)
    expect(download).toBeUndefined()
    expect(error).toMatchObject(expected)
    expect(cancelled).toEqual(cancelledWith)
    expect(card.open.size).toBe(0)
  })

  it('A server with another address is rejected before the card authenticates it', async () => {
    const { card, server } = await tell({ serverAddress: 'evil.example.com' })
    expect(card.log).not.toContain('AuthenticateServer')
    expect(server.log.length).toBe(1)
  })

  it('An early error of the card stops the segments and is reported to the server', async () => {
    const errorResult = { bppCommandId: 'initialiseSecureChannel', errorReason: 'incorrectInputValues' } as const
    const { error, card, server, removed, cancelled } = await tell({ errorResult, resultAt: 1 })
    expect(error).toMatchObject({ code: 'install-failed', fault: 'server', data: errorResult })
    expect(card.log.filter(name => name === 'segment').length).toBe(2)
    expect(server.log.at(-1)).toBe(`${HOST} HandleNotification`)
    expect([removed, cancelled]).toEqual([[0], []])
  })

  it('A full memory is an error of the card', async () => {
    const errorResult = {
      bppCommandId: 'loadProfileElements',
      errorReason: 'installFailedDueToInsufficientMemoryForProfile',
    } as const
    expect((await tell({ errorResult })).error).toMatchObject({ code: 'install-failed', fault: 'card' })
  })

  it('PPR1 is allowed for an owner in the Rules Authorisation Table, with consent if required', async () => {
    const rat = [
      {
        pprIds: ['ppr1'],
        allowedOperators: [{ mccMnc: Uint8Array.of(0xee, 0xee, 0xee) }],
        pprFlags: ['consentRequired'],
      },
    ] as const
    const metadata = { ...METADATA, profilePolicyRules: ['ppr1'] as const }
    // The same list is read back after the installation, so the profile that stands in the way is a test profile.
    const { error, asked } = await tell({ rat, metadata: { ...metadata, profileClass: 'test' } })
    expect(error).toBeUndefined()
    expect(asked[0]?.terms).toMatchObject({ ppr: ['ppr1'], pprConsentRequired: true })
    expect((await tell({ rat, metadata })).cancelled).toEqual(['pprNotAllowed'])
  })
})

describe('rejection by the user', () => {
  it.each(['endUserRejection', 'postponed', 'timeout'] as const)('The server receives the reason %s', async reason => {
    const { error, cancelled, server } = await tell({}, { accepted: false, reason })
    expect(error).toMatchObject({ code: 'rejected', fault: 'user', data: { cancelReason: reason } })
    expect(cancelled).toEqual([reason])
    expect(server.log).not.toContain(`${HOST} GetBoundProfilePackage`)
  })

  it('A missing confirmation code keeps the order', async () => {
    const { error, cancelled } = await tell({ ccRequired: true })
    expect(error).toMatchObject({ code: 'confirmation-code-missing', fault: 'user' })
    expect(cancelled).toEqual(['postponed'])
  })

  it.each([
    ['TimeoutError', 'timeout'],
    ['AbortError', 'endUserRejection'],
  ])('An abort with %s cancels with the reason %s', async (name, reason) => {
    const { cancelled, card } = await tell({}, stop => {
      stop.abort(new DOMException('enough', name))
      return { accepted: true }
    })
    expect(cancelled).toEqual([reason])
    expect(card.log).not.toContain('PrepareDownload')
  })
})

describe('invalid responses of servers', () => {
  const answering = (response: () => Response): Twist => ({ server: [served(ES9p.InitiateAuthentication, response)] })
  it.each<[string, Twist, object]>([
    [
      'HTTP 500',
      answering(() => new Response('no', { status: 500 })),
      { code: 'http-status', data: { httpStatus: 500 } },
    ],
    [
      'a redirect',
      answering(() => new Response(null, { status: 307 })),
      { code: 'http-status', data: { httpStatus: 307 } },
    ],
    [
      'HTML',
      answering(() => new Response('<html>')),
      { code: 'bad-server-answer', message: expect.stringContaining('HTML') },
    ],
    ['nothing', answering(() => new Response('')), { code: 'bad-server-answer' }],
    ['no header', answering(() => Response.json({})), { code: 'bad-server-answer', data: { field: 'header' } }],
    [
      'a missing member',
      answering(() => Response.json({ header: { functionExecutionStatus: { status: 'Executed-Success' } } })),
      { code: 'bad-server-answer', data: { field: 'transactionId' } },
    ],
    [
      'a failure without a reason',
      answering(() => Response.json({ header: { functionExecutionStatus: { status: 'Failed' } } })),
      { code: 'server-refused', data: { subjectCode: undefined } },
    ],
  ])('%s', async (_name, twist, expected) => {
    const { error } = await tell(twist)
    expect(error).toMatchObject({ fault: 'server', ...expected })
  })

  it.each([
    ['unreachable', 'unreachable', 'network'],
    ['timed-out', 'server-timed-out', 'network'],
    ['untrusted', 'untrusted', 'server'],
  ] as const)('A missing response fails: %s', async (code, expected, fault) => {
    const { error } = await tell({}, undefined, undefined, () => async ({ url }) => {
      throw new FetchError(code, 'no', { url })
    })
    expect(error).toMatchObject({ code: expected, fault, data: { step: 'ES9+.InitiateAuthentication' } })
  })

  it('Base64 with spaces and a lower-case transaction id are accepted', async () => {
    const { error } = await tell({}, undefined, undefined, fetch => async request => {
      const response = await fetch(request)
      if (response.status === 204) return response
      const body = (await response.json()) as Record<string, string>
      for (const name of ['serverSigned1', 'smdpSigned2', 'boundProfilePackage'])
        if (body[name]) body[name] = body[name].replace(/(.{20})/g, '$1\r\n ')
      if (body.transactionId) body.transactionId = body.transactionId.toLowerCase()
      return Response.json(body)
    })
    expect(error).toBeUndefined()
  })

  it('The first error is reported if CancelSession fails too', async () => {
    const { error, events } = await tell(
      { server: [served(ES9p.CancelSession, () => new Response('no', { status: 500 }))] },
      { accepted: false, reason: 'postponed' },
    )
    expect(error).toMatchObject({ code: 'rejected' })
    expect(events).toContainEqual(expect.objectContaining({ kind: 'noted', text: expect.stringContaining('canceled') }))
  })
})
