import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import type { RecordingEntry } from '../../../src/apdu/recording/recording.ts'
import { openLpaFetch } from '../../../src/bench/device/lpa-fetch.ts'
import { createMemory } from '../../../src/euicc/state/memory.ts'
import { createAddressBook } from '../../../src/host/net/address-book.ts'
import { readCertificates } from '../../../src/host/pki/card-pki.ts'
import { toDeviceInfo } from '../../../src/lpa/card/device-info.ts'
import { withIsdr } from '../../../src/lpa/card/isdr.ts'
import { downloadProfile } from '../../../src/lpa/download.ts'
import { playRecording } from '../../../src/rigs/links/recording-link.ts'
import { createSoftwareCard } from '../../../src/rigs/links/software-card.ts'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { recordEntries } from '../../apdu/recording/record-entries.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { type FarSmdp, openFarSmdp } from '../../services/smdp/remote-smdp.ts'

const CODE = '86420864'
const clock = () => new Date()

describe('a recorded download', () => {
  let far: FarSmdp
  beforeAll(async () => {
    far = await openFarSmdp()
  })
  afterAll(() => far.close())

  const download = (card: Card, fetch: Fetch, matchingId: string) =>
    card.exclusive(channel =>
      withIsdr(channel, {}, isdr =>
        downloadProfile({
          isdr,
          fetch,
          smdpAddress: far.host,
          matchingId,
          deviceInfo: toDeviceInfo('00100200'),
          confirm: async () => ({ accepted: true, confirmationCode: CODE }),
        }),
      ),
    )

  it('the LPA completes a download with a replayed card and replayed server responses', async () => {
    const random = seededRandom('tape')
    const pki = readCertificates(far.certs, 'nist', { random, now: clock() })
    const software = await createSoftwareCard({ pki, clock, random }, createMemory())
    const [host, port] = far.connectTo.split(':') as [string, string]
    const server = await software.exclusive(channel =>
      withIsdr(channel, {}, isdr =>
        openLpaFetch(isdr, {
          addresses: createAddressBook(new Map([[far.host, { host, port: Number(port) }]])),
          allowUnlistedHosts: false,
          clock,
          certificates: [pki.ci.certificate.der],
          subjectKeyIdOf: der => parseCertificate(der).subjectKeyId,
        }),
      ),
    )
    const answers: { url: string; status: number; headers: Headers; body: ArrayBuffer }[] = []
    const recorded: Fetch = async request => {
      const response = await server.fetch(request)
      const { status, headers } = response
      answers.push({ url: request.url, status, headers, body: await response.clone().arrayBuffer() })
      return response
    }
    const { iccid, matchingId } = await far.order(CODE)
    const entries: RecordingEntry[] = []
    const done = await download(recordEntries(software, entries), recorded, matchingId)
    await server.close()
    expect(done).toMatchObject({ iccid, notificationSent: true })

    const replayed: Fetch = async request => {
      const next = answers.shift()!
      expect(request.url).toBe(next.url)
      return new Response(next.status === 204 ? null : next.body, next)
    }
    const tape = { header: { card: 'c', date: 'd', rig: 'r', bench: 'b' }, exchanges: entries }
    const card = playRecording(tape)
    expect(await download(card, replayed, matchingId)).toEqual(done)
    expect(answers).toEqual([])
    await expect(card.exclusive(channel => channel.transmit(Uint8Array.of(0, 0xa4, 0, 0)))).rejects.toMatchObject({
      message: expect.stringContaining(`the recording ends after ${entries.length} exchanges`),
    })
  })
})
