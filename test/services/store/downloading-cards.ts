import { createEuicc, type SoftwareEuicc } from '../../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../../src/euicc/state/identity.ts'
import { createMemory } from '../../../src/euicc/state/memory.ts'
import { toDeviceInfo } from '../../../src/lpa/card/device-info.ts'
import { type Isdr, withIsdr } from '../../../src/lpa/card/isdr.ts'
import { listProfiles } from '../../../src/lpa/card/profiles.ts'
import { downloadProfile } from '../../../src/lpa/download.ts'
import { sendNotifications } from '../../../src/lpa/notifications.ts'
import type { Pki } from '../../../src/rsp/certificates/pki-folder.ts'
import { completeEid, issueEuicc } from '../../../src/rsp/certificates/test-pki.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { iccidToDigits } from '../../../src/rsp/identifiers.ts'
import { ES9p } from '../../../src/rsp/interfaces/es9p.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'

/** A card of its own for each number. */
export const createCard = (pki: Pki, at: number, now: Date): Promise<SoftwareEuicc> => {
  const eid = completeEid(`89049032${String(at).padStart(22, '0')}`)
  const euicc = issueEuicc(pki.eum, { random: seededRandom(`card ${at}`), now, eid })
  return createEuicc({
    identity: createDefaultIdentity([{ ...pki, euicc }], { rootDsAddress: 'ds.example.com' }),
    memory: createMemory(),
    clock: () => now,
    random: seededRandom(`card ${at} draws`),
    onFault: fault => {
      throw fault
    },
  })
}

const listIccids = async (isdr: Isdr): Promise<string[]> =>
  (await listProfiles(isdr)).map(({ iccid }) => iccidToDigits(iccid!))

export const iccidsOn = (card: SoftwareEuicc): Promise<string[]> =>
  card.exclusive(channel => withIsdr(channel, {}, listIccids))

/** Until the profile is on the empty card and its notification taken, as a user who tries again and again. */
export const fetchProfile = async (
  card: SoftwareEuicc,
  at: { readonly address: string; readonly matchingId: string; readonly fetch: Fetch },
): Promise<void> => {
  const { address, matchingId, fetch } = at
  for (let attempt = 0; attempt < 40; attempt++) {
    const isDone = await card.exclusive(channel =>
      withIsdr(channel, {}, async isdr => {
        const has = async () => (await listIccids(isdr)).length > 0
        try {
          if (!(await has()))
            await downloadProfile({
              isdr,
              fetch,
              activationCode: `LPA:1$${address}$${matchingId}`,
              deviceInfo: toDeviceInfo('35290611'),
              confirm: async () => ({ accepted: true }),
            })
        } catch (error) {
          // The server had done what it could not say any more: the session is over, and another one begins.
          if ((error as { code?: string }).code !== 'server-refused') throw error
        }
        await sendNotifications({ isdr, fetch })
        return has()
      }),
    )
    if (isDone) return
  }
  throw new Error(`the card did not come to the profile of ${matchingId}`)
}

/** A way to a server that remembers the notifications whose receipt was acknowledged. */
export const watchNotifications = (fetch: Fetch) => {
  const acknowledged = new Set<string>()
  const watched: Fetch = async request => {
    const body = await request.clone().text()
    const response = await fetch(request)
    if (response.status === 204 && request.url.endsWith(ES9p.HandleNotification.path))
      acknowledged.add((JSON.parse(body) as { pendingNotification: string }).pendingNotification)
    return response
  }
  return { fetch: watched, acknowledged }
}
