import { keep } from '../../asn1/schema.ts'
import { ServerSigned1 } from '../../rsp/authentication.ts'
import { sign } from '../../rsp/crypto/ecdsa.ts'
import type { ES9p } from '../../rsp/es9p.ts'
import { showVersion } from '../../rsp/identifiers.ts'
import { chooseCi, ciKeyId } from './credentials.ts'
import { refusal } from './error.ts'
import type { Answers } from './http-binding.ts'
import { sessionKey } from './sessions.ts'
import type { Smdp } from './settings.ts'

/** SGP.22 §5.6.1: opens a session, and authenticates the server to the card. */
export const createInitiateAuthentication =
  (smdp: Smdp): Answers<typeof ES9p>['InitiateAuthentication'] =>
  async ({ euiccChallenge, euiccInfo1: { value: info }, smdpAddress }) => {
    const { address, clock, random, store, credentials } = smdp
    // The address is a host name: its case says nothing (RFC 4343), nor does the port at which it was reached.
    if (hostOf(smdpAddress) !== hostOf(address)) throw refusal('address-refused', undefined, { about: smdpAddress })
    if (!isWithin(info.svn, smdp.svnRange)) throw refusal('svn-unsupported', showVersion(info.svn))
    const { server, euicc } = chooseCi(credentials, info)

    const now = clock()
    await store.dropSessionsBefore(now)
    const drawn = random(32)
    const transactionId = drawn.slice(0, 16)
    const serverChallenge = drawn.slice(16)
    const serverSigned1 = keep(ServerSigned1, {
      transactionId,
      euiccChallenge,
      serverAddress: address,
      serverChallenge,
    })
    await store.addSession({
      transactionId: sessionKey(transactionId),
      stage: 'initiated',
      expiresAt: new Date(now.getTime() + smdp.sessionLifetimeMs),
      serverCi: ciKeyId(server),
      euiccCi: ciKeyId(euicc),
      serverChallenge,
      revision: 1,
    })
    return {
      transactionId,
      serverSigned1,
      serverSignature1: sign(server.dpAuth.privateKey, serverSigned1.bytes),
      euiccCiPKIdToBeUsed: euicc.ci.certificate.subjectKeyId!,
      serverCertificate: server.dpAuth.certificate.der,
    }
  }

const hostOf = (address: string): string => address.trim().replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase()

const isWithin = (version: Uint8Array, [from, to]: readonly [readonly number[], readonly number[]]): boolean => {
  const order = (a: ArrayLike<number>): number => (a[0]! << 16) | (a[1]! << 8) | a[2]!
  return order(version) >= order(from) && order(version) <= order(to)
}
