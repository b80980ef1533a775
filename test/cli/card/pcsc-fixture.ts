import { toHex } from '../../../src/asn1/bytes.ts'
import { createEuicc, type SoftwareEuicc } from '../../../src/euicc/euicc.ts'
import { createDefaultIdentity } from '../../../src/euicc/state/identity.ts'
import { createMemory } from '../../../src/euicc/state/memory.ts'
import { toDeviceInfo } from '../../../src/lpa/card/device-info.ts'
import { describeEuicc } from '../../../src/lpa/card/euicc.ts'
import { type Isdr, withIsdr } from '../../../src/lpa/card/isdr.ts'
import { deleteProfile, disableProfile, enableProfile, listProfiles } from '../../../src/lpa/card/profiles.ts'
import { downloadProfile } from '../../../src/lpa/download.ts'
import { listNotifications, sendNotifications } from '../../../src/lpa/notifications.ts'
import type { LpaEvent } from '../../../src/lpa/report.ts'
import { retryAfterLostResponse } from '../../../src/lpa/resume-download.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../../src/profile/install.ts'
import { decodeProfilePackage } from '../../../src/profile/package.ts'
import { type Links, type OpenedRig, openRig } from '../../../src/rigs/attach.ts'
import type { IsdrOptionsOf } from '../../../src/rigs/card-knowledge.ts'
import { pcscLink } from '../../../src/rigs/links/pcsc-link.ts'
import { type Rig, summarizeRig } from '../../../src/rigs/rig.ts'
import { ts48Missing } from '../../profile/ts48.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { ADDRESS, createSmdpFixture, MATCHING_ID, START, testPki } from '../../server/smdp/smdp-fixture.ts'

/** What a person does with a card: each takes a device in hand and gives it back. */
export interface Doings {
  info(): Promise<unknown>
  download(): Promise<unknown>
  enable(): Promise<unknown>
  disable(): Promise<unknown>
  delete(): Promise<unknown>
  notifications(): Promise<unknown>
}

export const DOINGS = ['info', 'download', 'enable', 'disable', 'delete', 'notifications'] as const
/** What the card holds when each is done, in this order. */
export const AFTER = {
  info: { profiles: [], notifications: 0 },
  download: { profiles: ['disabled'], notifications: 0 },
  enable: { profiles: ['enabled'], notifications: 1 },
  disable: { profiles: ['disabled'], notifications: 2 },
  delete: { profiles: [], notifications: 3 },
  notifications: { profiles: [], notifications: 0 },
} as const

/** Why the fixture cannot be told over a way to a card, whose packages `load` tries; undefined where it can. */
export const whyNoFixture = async (
  whyNoWay: string | undefined,
  load: () => Promise<unknown>,
  name: string,
): Promise<string | undefined> => {
  if (ts48Missing) return 'no ../shared/ts48 with the GSMA TS.48 profiles'
  if (whyNoWay) return whyNoWay
  return load().then(
    () => undefined,
    () => `npm ${name} is not installed or does not load`,
  )
}

/** A server with one order, and a card that belongs to its PKI. */
export const createDownloadFixture = async (upp: Uint8Array, protocol: 't0' | 't1') => {
  const outcome = installProfile(decodeProfilePackage(upp), {
    services: new Set(SUPPORTED_SERVICES),
    freeMemory: 1 << 20,
  })
  if (outcome.profile === undefined) throw new Error(outcome.reason)
  const iccid = toHex(outcome.profile.iccid).replace(/f+$/, '')
  const fixture = await createSmdpFixture({ curve: 'P-256', package: upp })
  const euicc = await createEuicc({
    identity: createDefaultIdentity([testPki('P-256')], { rootDsAddress: 'ds.example.com', defaultDpAddress: ADDRESS }),
    memory: createMemory(),
    clock: () => START,
    random: seededRandom(`fixture ${protocol}`),
    protocol,
  })
  const { fetch, order } = {
    fetch: fixture.smdp.es9p,
    order: async () => {
      await fixture.stock(iccid)
      await fixture.order({ iccid })
    },
  }
  return { ...fixture, iccid, euicc, fetch, order }
}
export type DownloadFixture = Awaited<ReturnType<typeof createDownloadFixture>>

/** The card of a rig behind PC/SC, as every command of the bench has it. */
export const reach = async (
  link: Record<string, unknown>,
  { isdrOptionsOf = () => ({}), noted = [] }: { isdrOptionsOf?: IsdrOptionsOf; noted?: string[] } = {},
): Promise<OpenedRig> => {
  const rig = { name: 'desk', link: { pcsc: link } } as Rig
  const links = { isdrOptionsOf, pcsc: pcscLink(isdrOptionsOf) } as Links
  const device = await openRig(links, rig, summarizeRig(rig, 'test'))
  const report = (event: LpaEvent) => void (event.kind === 'noted' && noted.push(event.text))
  return { ...device, isdrOptions: { ...device.isdrOptions, report } }
}

export const doingsOf = (fixture: DownloadFixture, open: () => Promise<OpenedRig>): Doings => {
  const { iccid, fetch } = fixture
  const inHand = async <T>(work: (device: OpenedRig) => Promise<T>): Promise<T> => {
    const device = await open()
    try {
      return await work(device)
    } finally {
      await device.close()
    }
  }
  const onIsdr = <T>(work: (isdr: Isdr) => Promise<T>): Promise<T> =>
    inHand(({ card, isdrOptions }) => card.exclusive(channel => withIsdr(channel, isdrOptions, work)))
  const profile = { iccid }
  return {
    info: () => onIsdr(async isdr => ({ card: await describeEuicc(isdr), profiles: await listProfiles(isdr) })),
    download: () =>
      inHand(({ card, isdrOptions }) =>
        retryAfterLostResponse(card, isdrOptions, (isdr, attempt) =>
          downloadProfile({
            isdr,
            attempt,
            fetch,
            activationCode: `LPA:1$${ADDRESS}$${MATCHING_ID}`,
            deviceInfo: toDeviceInfo('490154203237518'),
            confirm: async () => ({ accepted: true }),
          }),
        ),
      ),
    enable: () => inHand(({ card, isdrOptions }) => enableProfile({ card, profile, isdrOptions })),
    disable: () => inHand(({ card, isdrOptions }) => disableProfile({ card, profile, isdrOptions })),
    delete: () => onIsdr(isdr => deleteProfile(isdr, profile)),
    notifications: () =>
      onIsdr(async isdr => {
        const { sent, kept } = await sendNotifications({ isdr, fetch })
        return { sent: sent.length, kept, left: (await listNotifications(isdr)).length }
      }),
  }
}

/** What the card itself holds, whoever reached it. */
export const stateOf = (euicc: SoftwareEuicc) =>
  euicc.exclusive(channel =>
    withIsdr(channel, {}, async isdr => ({
      profiles: (await listProfiles(isdr)).map(({ profileState }) => profileState),
      notifications: (await listNotifications(isdr)).length,
    })),
  )
