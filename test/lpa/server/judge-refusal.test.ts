import { describe, expect, it } from 'vitest'
import { keep } from '../../../src/asn1/schema.ts'
import {
  type AuthenticateErrorCode,
  AuthenticateServerResponse,
  type DownloadErrorCode,
  PrepareDownloadResponse,
} from '../../../src/rsp/authentication.ts'
import { ES9p } from '../../../src/rsp/interfaces/es9p.ts'
import { ES10b } from '../../../src/rsp/interfaces/es10b.ts'
import { LISTED, type Twist, tell } from '../download-fixture.ts'
import { told } from '../fake-card.ts'
import { served } from '../fake-server.ts'

const authenticateSays = (authenticateErrorCode: AuthenticateErrorCode) =>
  told(ES10b.AuthenticateServer, ({ serverSigned1 }) =>
    keep(AuthenticateServerResponse, {
      authenticateResponseError: { transactionId: serverSigned1.value.transactionId, authenticateErrorCode },
    }),
  )
const prepareSays = (downloadErrorCode: DownloadErrorCode) =>
  told(ES10b.PrepareDownload, ({ smdpSigned2 }) =>
    keep(PrepareDownloadResponse, {
      downloadResponseError: { transactionId: smdpSigned2.value.transactionId, downloadErrorCode },
    }),
  )
const faultOf = async (twist: Twist) => (await tell(twist)).error

describe('rejection by the card', () => {
  it.each<[AuthenticateErrorCode, 'card' | 'server', true | undefined]>([
    ['invalidSignature', 'server', undefined],
    ['invalidSignature', 'card', true],
    ['invalidCertificate', 'server', true],
    // The certificate is of a CI that this card does not list.
    ['ciPKUnknown', 'server', true],
    ['euiccChallengeMismatch', 'card', true],
    ['noSessionContext', 'card', true],
    ['undefinedError', 'card', true],
  ])('AuthenticateServer %s is put down to the %s', async (code, fault, genuineServer) => {
    const error = await faultOf({ card: [authenticateSays(code)], ...(genuineServer && { genuineServer }) })
    expect(error).toMatchObject({ code: 'card-refused', fault, data: { result: code } })
  })

  it.each<[DownloadErrorCode, 'card' | 'server', true | undefined]>([
    ['invalidSignature', 'server', undefined],
    ['invalidSignature', 'card', true],
    ['invalidCertificate', 'server', true],
    ['invalidTransactionId', 'card', true],
    ['undefinedError', 'card', true],
  ])('PrepareDownload %s is put down to the %s', async (code, fault, genuineServer) => {
    const error = await faultOf({ card: [prepareSays(code)], ...(genuineServer && { genuineServer }) })
    expect(error).toMatchObject({ code: 'card-refused', fault, data: { result: code } })
  })

  it('A rejection with "ICCID exists" is correct only if the card lists the ICCID', async () => {
    const errorResult = {
      bppCommandId: 'storeMetadata',
      errorReason: 'installFailedDueToIccidAlreadyExistsOnEuicc',
    } as const
    expect(await faultOf({ errorResult, listed: [LISTED] })).toMatchObject({ code: 'install-failed', fault: 'user' })
    expect(await faultOf({ errorResult, listed: [] })).toMatchObject({ code: 'install-failed', fault: 'card' })
  })
})

describe('rejection by the server', () => {
  const refused = (row: Parameters<typeof served>[0], subjectCode: string, reasonCode: string) => [
    served(row, () => ({ refused: { subjectCode, reasonCode } })),
  ]
  it.each([
    // The card of the fixture does not sign with its key.
    ['8.1', '6.1', 'card'],
    ['8.1.2', '6.1', 'card'],
    ['8.1.3', '6.3', 'card'],
    ['8.1', '4.8', 'user'],
    ['8.2.6', '3.8', 'server'],
    ['8.8.5', '4.10', 'server'],
  ])('AuthenticateClient %s/%s has the cause %s', async (subjectCode, reasonCode, fault) => {
    const error = await faultOf({ server: refused(ES9p.AuthenticateClient as never, subjectCode, reasonCode) })
    expect(error).toMatchObject({ code: 'server-refused', fault, data: { subjectCode, reasonCode } })
  })

  it.each([
    ['8.1', '6.1', 'card'],
    ['8.2.7', '3.8', 'user'],
    ['8.2', '3.7', 'server'],
  ])('GetBoundProfilePackage %s/%s has the cause %s', async (subjectCode, reasonCode, fault) => {
    const error = await faultOf({ server: refused(ES9p.GetBoundProfilePackage as never, subjectCode, reasonCode) })
    expect(error).toMatchObject({ code: 'server-refused', fault, data: { subjectCode, reasonCode } })
  })

  it('A server that rejects a valid signature is the cause', async () => {
    const { error } = await tell({
      genuineCard: true,
      server: refused(ES9p.AuthenticateClient as never, '8.1', '6.1'),
    })
    expect(error).toMatchObject({ code: 'server-refused', fault: 'server' })
  })
})
