import { showVersion } from '../../../rsp/identifiers.ts'
import type { ES9p } from '../../../rsp/interfaces/es9p.ts'
import { chooseCi } from '../../rsp-server/ci-choice.ts'
import type { FunctionHandlers } from '../../rsp-server/json-binding.ts'
import { isSameHost, isWithin } from '../../rsp-server/server-address.ts'
import { openTransaction } from '../../rsp-server/transaction.ts'
import { createSmdpError } from '../error.ts'
import type { Smdp } from '../settings.ts'

/** SGP.22 §5.6.1: opens a session and authenticates the server to the card. */
export const createInitiateAuthentication =
  (smdp: Smdp): FunctionHandlers<typeof ES9p>['InitiateAuthentication'] =>
  async ({ euiccChallenge, euiccInfo1: { value: info }, smdpAddress }) => {
    const { address, clock, random, store, credentials } = smdp
    if (!isSameHost(smdpAddress, address)) throw createSmdpError('address-refused', undefined, { about: smdpAddress })
    if (!isWithin(info.svn, smdp.svnRange)) throw createSmdpError('svn-unsupported', showVersion(info.svn))
    const { server, euicc } = chooseCi(credentials, info)

    const now = clock()
    await store.dropSessionsBefore(now)
    const { session, response } = openTransaction({
      address,
      euiccChallenge,
      server,
      signer: server.dpAuth,
      euicc,
      random,
    })
    await store.addSession({
      ...session,
      stage: 'initiated',
      expiresAt: new Date(now.getTime() + smdp.sessionLifetimeMs),
      revision: 1,
    })
    return response
  }
