import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { immediateEnablingAnswers } from '../docs/examples/interface-function/answer.ts'
import { allowImmediateEnabling } from '../docs/examples/interface-function/call.ts'
import { ES10bExtension } from '../docs/examples/interface-function/row.ts'
import { addLengthByte } from '../docs/examples/reader-quirk/add-length-byte.ts'
import { withRedirect } from '../docs/examples/server-fault/with-redirect.ts'
import type { Channel } from '../src/apdu/channel.ts'
import { decodeCommand } from '../src/apdu/command.ts'
import { ApduError } from '../src/apdu/errors.ts'
import { closeLogicalChannel, openLogicalChannel } from '../src/apdu/logical-channel.ts'
import { respond } from '../src/apdu/status.ts'
import { decode, encode, keep } from '../src/asn1/schema.ts'
import type { CardState } from '../src/euicc/state/state.ts'
import { parseYaml } from '../src/host/yaml/yaml-file.ts'
import { setDefaultAddress } from '../src/lpa/card/euicc.ts'
import { type Learned, withIsdr } from '../src/lpa/card/isdr.ts'
import { callServer } from '../src/lpa/server/server-call.ts'
import { readModemProfiles } from '../src/rigs/links/modem-profiles.ts'
import { Rig } from '../src/rigs/rig.ts'
import { EUICCInfo1 } from '../src/rsp/euicc-info.ts'
import type { Fetch } from '../src/rsp/fetch.ts'
import { ES9p } from '../src/rsp/interfaces/es9p.ts'
import { createFaults } from '../src/server/smdp/faults/faults.ts'
import { FaultFile, toRule } from '../src/services/smdp/fault-file.ts'
import { createStateWith, createTestCard, NOW, testIdentity } from './euicc/card.ts'
import { insert } from './modem/modem-fixture.ts'
import { ROOT } from './paths.ts'
import { seededRandom } from './rsp/seeded-random.ts'
import { ADDRESS, createSmdpFixture } from './server/smdp/smdp-fixture.ts'

const EXAMPLES = join(ROOT, 'docs/examples')
const example = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8')
const page = readFileSync(join(ROOT, 'docs/how-to-add.md'), 'utf8')

describe('docs/how-to-add.md', () => {
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
    .filter(name => statSync(join(EXAMPLES, name)).isFile())
    .sort()
  /** A block that follows a link to a file of docs/examples quotes that file. */
  const quoted = new Map(
    [...page.matchAll(/\]\(examples\/([^)]+)\)[^\n]*\n\n```\w+\n([\s\S]*?)```/g)].map(([, name, block]) => [
      name!,
      block!,
    ]),
  )

  it('quotes each file of docs/examples', () => {
    expect([...quoted.keys()].sort()).toEqual(files)
  })
  it.each(files)('quotes %s as the file is', name => {
    expect(quoted.get(name)).toBe(example(name))
  })
  it('has no code block in TypeScript or YAML that is not an example file', () => {
    expect([...page.matchAll(/```(?:ts|yaml)\n/g)]).toHaveLength(files.length)
  })
})

describe('the example of a reader quirk', () => {
  /** A reader that loses each command with more than 128 bytes of data. */
  const losesLongCommands = (channel: Channel): Channel => ({
    transmit: async command => {
      if (command.length > 5 + 128) throw new ApduError('exchange-lost', 'the reader reported no response')
      return channel.transmit(command)
    },
  })
  const rejectsShortCommands = (channel: Channel): Channel => ({
    transmit: async command => (command.length === 4 ? respond(0x6700) : channel.transmit(command)),
  })
  const LONG_ADDRESS = `${'a'.repeat(200)}.example.com`

  it('desk.yaml sets a segment size that the reader does not lose', async () => {
    const rig = parseYaml(Rig, example('reader-quirk/desk.yaml'), 'desk.yaml')
    const { channel } = await createTestCard()
    const learned: Learned[] = []
    await withIsdr(
      losesLongCommands(channel),
      { segmentSize: rig.segmentSize, onLearned: fact => learned.push(fact) },
      isdr => setDefaultAddress(isdr, LONG_ADDRESS),
    )
    expect(learned.filter(fact => 'segmentSize' in fact)).toEqual([])
  })

  it('the bench learns a smaller size when no rig file sets it', async () => {
    const { channel } = await createTestCard()
    const learned: Learned[] = []
    const work = withIsdr(losesLongCommands(channel), { onLearned: fact => learned.push(fact) }, isdr =>
      setDefaultAddress(isdr, LONG_ADDRESS),
    )
    await expect(work).rejects.toMatchObject({ code: 'exchange-lost' })
    expect(learned).toContainEqual({ segmentSize: 120, tooLong: 255, isConfirmed: false })
  })

  it('addLengthByte makes the reader accept a command of 4 bytes', async () => {
    const { channel } = await createTestCard()
    const reader = rejectsShortCommands(channel)
    const logicalChannel = await openLogicalChannel(reader)
    await expect(closeLogicalChannel(reader, logicalChannel)).rejects.toMatchObject({ status: 0x6700 })
    await closeLogicalChannel(addLengthByte(reader), logicalChannel)
  })
})

describe('the example of a modem profile', () => {
  const profiles = readModemProfiles([join(ROOT, 'rigs/modems'), join(EXAMPLES, 'modem-profile')])
  const connect = async (model: string) => {
    const { card } = await createTestCard()
    return insert(card, { manufacturer: 'Example Inc.', model }, { profiles })
  }

  it('mx12.yaml matches a simulated MX12, which then exchanges APDUs over AT+CSIM', async () => {
    const { card, modem } = await connect('MX12-EU')
    expect(card.profile).toMatchObject({ name: 'mx12', segmentSize: 120, deadlines: { apdu: 60_000 } })
    await card.exclusive(channel => withIsdr(channel, { segmentSize: card.profile.segmentSize }, async () => {}))
    expect(card.path).toBe('csim')
    expect(modem.receivedLines.some(command => command.startsWith('AT+CSIM='))).toBe(true)
  })
  it('mx12.yaml does not match another model', async () => {
    expect((await connect('MX99')).card.profile.name).toBe('generic')
  })
})

describe('the example of a function of an interface', () => {
  const row = ES10bExtension.ConfigureImmediateProfileEnabling

  /** The software eUICC with the answer of the example: es10.ts finds a row by its tag in the same manner. */
  const withAnswer = (channel: Channel, start: CardState) => {
    let state = start
    return {
      getState: () => state,
      transmit: async (bytes: Uint8Array): Promise<Uint8Array> => {
        const { ins, p1, data } = bytes.length > 5 ? decodeCommand(bytes) : { ins: 0, p1: 0, data: undefined }
        if (ins !== 0xe2 || p1 !== 0x91 || data === undefined || data[0] !== 0xbf || data[1] !== 0x59)
          return channel.transmit(bytes)
        const outcome = immediateEnablingAnswers.ConfigureImmediateProfileEnabling(decode(row.request, data), {
          state,
          session: undefined as never,
          identity: testIdentity(),
          now: NOW,
          random: seededRandom('card'),
          proactiveSession: false,
        })
        if (!('response' in outcome)) return respond(outcome.status)
        state = outcome.state ?? state
        return respond(0x9000, encode(row.response, outcome.response))
      },
    }
  }

  it('the LPA calls the function and the card stores the address', async () => {
    const { channel } = await createTestCard()
    const card = withAnswer(channel, createStateWith([]))
    await withIsdr(card, {}, isdr => allowImmediateEnabling(isdr, 'smdp.example.com'))
    expect(card.getState().root.defaultDpAddress).toBe('smdp.example.com')
  })
  it('a card without the function answers with SW 6A88', async () => {
    const { channel } = await createTestCard()
    await expect(withIsdr(channel, {}, isdr => allowImmediateEnabling(isdr, ADDRESS))).rejects.toMatchObject({
      code: 'card-refused',
      data: { step: 'ES10b.ConfigureImmediateProfileEnabling', status: 0x6a88 },
    })
  })
})

describe('the example of a server fault', () => {
  const createServer = async () => {
    const fixture = await createSmdpFixture()
    const entries = parseYaml(FaultFile, example('server-fault/faults.yaml'), 'faults.yaml')
    const context = { sets: [fixture.pki], random: seededRandom('faults'), now: NOW, folder: EXAMPLES }
    const faults = createFaults({
      random: seededRandom('faults'),
      sleep: async () => {},
      rules: entries.map(entry => toRule(entry, context)),
    })
    return { faults, ...(await createSmdpFixture({ faults })) }
  }
  const initiate = (fetch: Fetch, { card }: Awaited<ReturnType<typeof createServer>>) =>
    callServer({ fetch, address: ADDRESS, report: () => {} }, ES9p.InitiateAuthentication, {
      euiccChallenge: card.challenge,
      euiccInfo1: keep(EUICCInfo1, card.info1),
      smdpAddress: ADDRESS,
    })

  it('the server answers the first call with HTTP 503 and the second with a session', async () => {
    const server = await createServer()
    await expect(initiate(server.es9p, server)).rejects.toMatchObject({
      code: 'http-status',
      data: { httpStatus: 503 },
    })
    expect(server.faults.listRules()).toMatchObject([{ function: 'InitiateAuthentication', count: 1, done: 1 }])
    expect((await initiate(server.es9p, server)).transactionId.length).toBeGreaterThan(0)
  })

  it('the LPA does not follow the redirect of withRedirect', async () => {
    const server = await createServer()
    server.faults.setRules([])
    const requests: string[] = []
    const redirected = withRedirect(async request => {
      requests.push(request.url)
      return server.es9p(request)
    }, 'https://other.example.com/')
    await expect(initiate(redirected, server)).rejects.toMatchObject({ data: { httpStatus: 307 } })
    expect(requests).toEqual([`https://${ADDRESS}${ES9p.InitiateAuthentication.path}`])
  })
})
