import { concat } from '../../../asn1/bytes.ts'
import { encode, keep } from '../../../asn1/schema.ts'
import { getChildren, readOnlyTlv } from '../../../asn1/tlv.ts'
import { ServerSigned1 } from '../../../rsp/authentication.ts'
import { parseCertificate } from '../../../rsp/certificates/certificate.ts'
import { sign } from '../../../rsp/crypto/ecdsa.ts'
import { Signature } from '../../../rsp/identifiers.ts'
import type { ES9p } from '../../../rsp/interfaces/es9p.ts'
import { getCredentials } from '../../rsp-server/ci-choice.ts'
import type { FunctionHandlers } from '../../rsp-server/json-binding.ts'
import { findSession } from '../es9p/sessions.ts'
import type { Smdp } from '../settings.ts'
import type { Faults, OtherCertificate, WrongContent } from './faults.ts'
import { changeByte } from './transport-faults.ts'

type Es9Answers = FunctionHandlers<typeof ES9p>

/** Injects faults into the content of the responses. The functions themselves and the store stay correct. */
export const injectContentFaults = (smdp: Smdp, answers: Es9Answers, faults: Faults): Es9Answers => ({
  ...answers,
  InitiateAuthentication: async function injectInitiateAuthenticationFault(request, call) {
    const right = (await answers.InitiateAuthentication(request, call))!
    const wrong = faults.drawContent('InitiateAuthentication')
    if (wrong?.kind === 'wrong-signature') return { ...right, serverSignature1: changeByte(right.serverSignature1, -1) }
    if (wrong?.kind === 'wrong-certificate') {
      const { der, privateKey } = otherFor(wrong, right.serverCertificate)
      const serverSignature1 = privateKey ? sign(privateKey, right.serverSigned1.bytes) : right.serverSignature1
      return { ...right, serverCertificate: der, serverSignature1 }
    }
    if (wrong?.kind === 'wrong-challenge') {
      const { serverCi } = await findSession(smdp, right.transactionId, 'initiated')
      const { value } = right.serverSigned1
      const serverSigned1 = keep(ServerSigned1, { ...value, euiccChallenge: changeByte(value.euiccChallenge, 0) })
      const { privateKey } = getCredentials(smdp.credentials, serverCi).dpAuth
      return { ...right, serverSigned1, serverSignature1: sign(privateKey, serverSigned1.bytes) }
    }
    return right
  },
  AuthenticateClient: async function injectAuthenticateClientFault(request, call) {
    const right = (await answers.AuthenticateClient(request, call))!
    const wrong = faults.drawContent('AuthenticateClient')
    if (wrong?.kind === 'wrong-signature') return { ...right, smdpSignature2: changeByte(right.smdpSignature2, -1) }
    if (wrong?.kind === 'wrong-certificate') {
      const { der, privateKey } = otherFor(wrong, right.smdpCertificate)
      const { euiccSignature1 } = request.authenticateServerResponse.value.authenticateResponseOk!
      const covered = concat(right.smdpSigned2.bytes, encode(Signature, euiccSignature1))
      const smdpSignature2 = privateKey ? sign(privateKey, covered) : right.smdpSignature2
      return { ...right, smdpCertificate: der, smdpSignature2 }
    }
    return right
  },
  GetBoundProfilePackage: async function injectGetBoundProfilePackageFault(request, call) {
    const right = (await answers.GetBoundProfilePackage(request, call))!
    const wrong = faults.drawContent('GetBoundProfilePackage')
    const { boundProfilePackage } = right
    if (wrong?.kind === 'wrong-signature')
      return { ...right, boundProfilePackage: changeByte(boundProfilePackage, endOfSignature(boundProfilePackage) - 1) }
    return right
  },
})

const otherFor = (
  { certificate }: WrongContent & { kind: 'wrong-certificate' },
  right: Uint8Array,
): OtherCertificate => (typeof certificate === 'function' ? certificate(parseCertificate(right).curve) : certificate)

/** smdpSign is the last element of InitialiseSecureChannelRequest, which begins a package (SGP.22 §5.5.1). */
const endOfSignature = (boundProfilePackage: Uint8Array): number =>
  getChildren(readOnlyTlv(boundProfilePackage))[0]!.end
