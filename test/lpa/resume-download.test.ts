import { describe, expect, it } from 'vitest'
import type { Card, Channel } from '../../src/apdu/channel.ts'
import { ApduError } from '../../src/apdu/errors.ts'
import { createEuicc } from '../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../src/euicc/state/identity.ts'
import { createMemory } from '../../src/euicc/state/memory.ts'
import { toDeviceInfo } from '../../src/lpa/card/device-info.ts'
import { withIsdr } from '../../src/lpa/card/isdr.ts'
import { listProfiles } from '../../src/lpa/card/profiles.ts'
import { downloadProfile } from '../../src/lpa/download.ts'
import { listNotifications } from '../../src/lpa/notifications.ts'
import type { LpaEvent } from '../../src/lpa/report.ts'
import { retryAfterLostResponse } from '../../src/lpa/resume-download.ts'
import { buildProfilePackage } from '../../src/profile/build.ts'
import { encodeProfilePackage } from '../../src/profile/package.ts'
import type { Fetch } from '../../src/rsp/fetch.ts'
import { ES9p } from '../../src/rsp/interfaces/es9p.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { ADDRESS, createSmdpFixture, ICCID, MATCHING_ID, START, testPki } from '../server/smdp/smdp-fixture.ts'

const STORE_DATA = 0xe2
const CODE = 'a code'

/** Whether the command with this number (from 0, STORE DATA blocks alone) is lost, and on which half of its way. */
type Loses = (block: number, length: number) => 'command' | 'answer' | undefined

const PACKAGE = encodeProfilePackage(
  buildProfilePackage({
    iccid: ICCID,
    imsi: '001010123456789',
    algorithm: { name: 'milenage', k: seededRandom('k')(16), opc: seededRandom('opc')(16) },
    serviceProviderName: 'Operator A',
    random: seededRandom('package'),
  }),
)

const createDownloadFixture = async ({
  loses,
  code = 'exchange-lost',
  upp = PACKAGE,
}: {
  loses: Loses
  code?: 'exchange-lost' | 'timed-out' | 'card-removed'
  upp?: Uint8Array
}) => {
  const fixture = await createSmdpFixture({ package: upp })
  await fixture.order({ confirmationCode: CODE })
  const euicc = await createEuicc({
    identity: createDefaultIdentity([testPki('P-256')], { rootDsAddress: 'ds.example.com' }),
    memory: createMemory(),
    clock: () => START,
    random: seededRandom('lost'),
  })
  let blocks = 0
  const lossy = (channel: Channel): Channel => ({
    transmit: async command => {
      const way = command[1] === STORE_DATA ? loses(blocks++, command[4]!) : undefined
      const lost = new ApduError(code, 'the reader lost it')
      if (way === 'command') throw lost
      const response = await channel.transmit(command)
      if (way === 'answer') throw lost
      return response
    },
  })
  let resets = 0
  const card: Pick<Card, 'exclusive' | 'reset'> = {
    exclusive: work => euicc.exclusive(channel => work(lossy(channel))),
    reset: () => {
      resets++
      return euicc.reset()
    },
  }
  const notes: string[] = []
  const report = (event: LpaEvent): void => {
    if (event.kind === 'noted') notes.push(event.text)
  }
  let asked = 0
  const download = (fetch: Fetch = fixture.smdp.es9p) =>
    retryAfterLostResponse(card, { report }, (isdr, attempt) =>
      downloadProfile({
        isdr,
        attempt,
        fetch,
        smdpAddress: ADDRESS,
        matchingId: MATCHING_ID,
        deviceInfo: toDeviceInfo('35290611'),
        confirm: async () => {
          asked++
          return { accepted: true, confirmationCode: CODE }
        },
      }),
    )
  return {
    download,
    es9p: fixture.smdp.es9p,
    notes,
    order: () => fixture.store.findOrder(ICCID),
    onCard: () =>
      euicc.exclusive(channel =>
        withIsdr(channel, {}, async isdr => ({
          profiles: await listProfiles(isdr),
          notifications: await listNotifications(isdr),
        })),
      ),
    seen: () => ({ blocks, resets, asked }),
  }
}

const blocksOfAll = async (): Promise<number> => {
  const fixture = await createDownloadFixture({ loses: () => undefined })
  await fixture.download()
  return fixture.seen().blocks
}
const FOUND = 'the card has executed the lost command and stored the installation result, which is used'
const BEGUN = 'no package was sent yet: the download is restarted once'
const LOADING = 'the card has no installation result: the download is restarted once'

describe('lost segment during a download', () => {
  it.each([
    ['command', [BEGUN, LOADING]],
    ['answer', [BEGUN, FOUND, LOADING]],
  ] as const)(
    'A lost %s at any segment installs the profile once',
    async (way, ends) => {
      const all = await blocksOfAll()
      const told = new Set<string>()
      for (let lost = 0; lost < all; lost++) {
        const { download, onCard, notes, order, seen } = await createDownloadFixture({
          loses: block => (block === lost ? way : undefined),
        })
        const done = await download()
        const { profiles, notifications } = await onCard()
        expect([lost, profiles.length, notifications.length, seen().asked]).toEqual([lost, 1, 0, 1])
        expect([done.iccid, done.profile.profileState, done.notificationSent]).toEqual([ICCID, 'disabled', true])
        expect((await order())?.state).toBe('Installed')
        expect(seen().resets).toBeLessThanOrEqual(1)
        for (const note of notes) if ([BEGUN, FOUND, LOADING].includes(note)) told.add(note)
      }
      expect([...told].sort()).toEqual([...ends].sort())
    },
    120_000,
  )

  /** The number of the block whose answer is the result of the installation. */
  const resultOf = async (upp?: Uint8Array): Promise<number> => {
    for (let lost = (await blocksOfAll()) - 1; lost > 0; lost--) {
      const { download, notes } = await createDownloadFixture({
        loses: block => (block === lost ? 'answer' : undefined),
        ...(upp && { upp }),
      })
      await download().catch(() => {})
      if (notes.includes(FOUND)) return lost
    }
    throw new Error('no block is answered by a result')
  }

  it('The result counts if a later response is lost, and the server is notified once', async () => {
    const [first, all] = [(await resultOf()) + 1, await blocksOfAll()]
    expect(first).toBeLessThan(all)
    for (let lost = first; lost < all; lost++) {
      const fixture = await createDownloadFixture({
        code: 'timed-out',
        loses: block => (block === lost ? 'answer' : undefined),
      })
      const done = await fixture.download()
      expect([lost, done.iccid, done.notificationSent, fixture.seen().asked]).toEqual([lost, ICCID, true, 1])
      const { profiles, notifications } = await fixture.onCard()
      expect([profiles.length, notifications.length]).toEqual([1, 0])
      expect(fixture.notes.join()).not.toMatch(/has no result|remains on the card/)
    }
  }, 120_000)

  it('The stored result of the card counts if the card rejects the repetition', async () => {
    const upp = PACKAGE.slice(0, -1)
    const lost = await resultOf(upp)
    const fixture = await createDownloadFixture({ upp, loses: block => (block === lost ? 'answer' : undefined) })
    await expect(fixture.download()).rejects.toMatchObject({ code: 'install-failed', fault: 'server' })
    expect((await fixture.onCard()).notifications).toEqual([])
    expect((await fixture.order())?.state).toBe('Error')
  }, 120_000)

  it.each(['exchange-lost', 'timed-out'] as const)(
    'A second loss blocks the download without a fault of card or server: %s',
    async code => {
      const lost = await resultOf()
      const fixture = await createDownloadFixture({ code, loses: block => (block >= lost ? 'answer' : undefined) })
      await expect(fixture.download()).rejects.toMatchObject({ code, message: 'the reader lost it' })
      expect(fixture.seen().resets).toBe(1)
    },
    120_000,
  )

  it('A server that offers the profile only once blocks the download', async () => {
    const lost = await resultOf()
    const fixture = await createDownloadFixture({ loses: block => (block === lost ? 'command' : undefined) })
    const first = await createSmdpFixture()
    let sessions = 0
    const refusing =
      (fetch: Fetch): Fetch =>
      async request => {
        const isAnew = request.url.endsWith(ES9p.InitiateAuthentication.path) && sessions++ > 0
        return isAnew ? first.smdp.es9p(new Request(request.url, { method: 'POST', body: '{}' })) : fetch(request)
      }
    await expect(fixture.download(refusing(fixture.es9p))).rejects.toMatchObject({ code: 'exchange-lost' })
    expect(fixture.notes.at(-1)).toMatch(/^the recovery failed: ES9\+.InitiateAuthentication/)
  }, 120_000)

  it('The second attempt uses shorter segments after a lost last segment', async () => {
    // Nothing over 200 passes, and no block before the last is so long in this download.
    const last = (length: number): boolean => length > 200 && length < 255
    const fixture = await createDownloadFixture({ loses: (_block, length) => (last(length) ? 'command' : undefined) })
    await fixture.download()
    expect((await fixture.onCard()).profiles.length).toBe(1)
    expect(fixture.seen().resets).toBe(1)
  })

  it('A removed card gets no second attempt', async () => {
    const fixture = await createDownloadFixture({
      code: 'card-removed',
      loses: block => (block === 8 ? 'answer' : undefined),
    })
    await expect(fixture.download()).rejects.toMatchObject({ code: 'card-removed' })
    expect(fixture.seen().resets).toBe(0)
  })
})
