import { showVersion } from '../../rsp/identifiers.ts'
import type { ES11 } from '../../rsp/interfaces/es11.ts'
import { chooseCi } from '../rsp-server/ci-choice.ts'
import type { FunctionHandlers } from '../rsp-server/json-binding.ts'
import { isSameHost, isWithin } from '../rsp-server/server-address.ts'
import { openTransaction } from '../rsp-server/transaction.ts'
import { createSmdsError } from './error.ts'
import type { Smds } from './settings.ts'

/** SGP.22 §5.8.1: opens a session and authenticates the server to the card. */
export const createInitiateAuthentication =
  (smds: Smds): FunctionHandlers<typeof ES11>['InitiateAuthentication'] =>
  async ({ euiccChallenge, euiccInfo1: { value: info }, smdpAddress }) => {
    const { address, clock, random, store } = smds
    if (!isSameHost(smdpAddress, address)) throw createSmdsError('address-refused', undefined, smdpAddress)
    if (!isWithin(info.svn, smds.svnRange)) throw createSmdsError('svn-unsupported', showVersion(info.svn))
    const { server, euicc } = chooseCi(smds.credentials, info)

    const now = clock()
    await store.dropSessionsBefore(now)
    const opened = openTransaction({ address, euiccChallenge, server, signer: server.dsAuth, euicc, random })
    await store.addSession({ ...opened.session, expiresAt: new Date(now.getTime() + smds.sessionLifetimeMs) })
    return opened.response
  }
