import { describe, expect, it } from 'vitest'
import { ApduError } from '../../../src/apdu/errors.ts'
import { pullCardAfter } from '../../../src/apdu/layers/faults.ts'
import { respond } from '../../../src/apdu/status.ts'
import { concat, fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { type Learned, openIsdr, withIsdr } from '../../../src/lpa/card/isdr.ts'
import type { LpaEvent } from '../../../src/lpa/report.ts'
import { ES10c } from '../../../src/rsp/interfaces/es10c.ts'
import { ISD_R_AID } from '../../../src/rsp/isdr.ts'
import { fakeCard, told } from '../fake-card.ts'

const EID = fromHex('89049032123451234512345678901235')
const eid = told(ES10c.GetEID, () => ({ eidValue: EID }))
const OTHER_AID = fromHex('a0000005591010000000008900000300')
const askEid = { tagList: Uint8Array.of(0x5a) }

describe('ISD-R session', () => {
  it('withIsdr selects the ISD-R on a new logical channel, reads its FCI, and closes the channel', async () => {
    const card = fakeCard([eid])
    const isdr = await openIsdr(card)
    expect([isdr.logicalChannel, toHex(isdr.aid), toHex(isdr.template!.svn)]).toEqual([1, toHex(ISD_R_AID), '020202'])
    expect(toHex((await isdr.call(ES10c.GetEID, askEid)).eidValue)).toBe(toHex(EID))
    await isdr.close()
    expect(card.open.size).toBe(0)
  })

  it('openIsdr sends TERMINAL CAPABILITY before SELECT and ignores its result', async () => {
    const commands: string[] = []
    for (const said of [0x9000, 0x6d00, 0x6985, undefined]) {
      const card = fakeCard([eid])
      await openIsdr({
        transmit: async bytes => {
          commands.push(toHex(bytes))
          if (bytes[1] !== 0xaa) return card.transmit(bytes)
          if (said === undefined) throw new ApduError('bad-response', 'AT+CSIM is not for you')
          return respond(said)
        },
      })
    }
    // What lpac and pySim send too: '83' with LUId, LPDd and LDSd (TS 102 221 §11.1.19.2.4).
    expect(commands.slice(0, 2)).toEqual(['80aa000007a9058100830107', '0070000001'])
  })

  it('openIsdr selects the AIDs in their order', async () => {
    const card = fakeCard([eid], { aid: OTHER_AID })
    expect(toHex((await openIsdr(card, { aids: [ISD_R_AID, OTHER_AID] })).aid)).toBe(toHex(OTHER_AID))
  })

  it('A missing ISD-R fails with no-isdr and closes the channel', async () => {
    const card = fakeCard([], { aid: OTHER_AID })
    await expect(openIsdr(card)).rejects.toMatchObject({ code: 'no-isdr', fault: 'card', data: { status: 0x6a82 } })
    expect(card.open.size).toBe(0)
  })

  it.each(['', '6f00', '0102', '6f1b84'])('An FCI without a template is accepted: "%s"', async fci => {
    expect((await openIsdr(fakeCard([], { fci: fromHex(fci) }))).template).toBeUndefined()
  })

  it('openIsdr closes channels of an earlier session and reports the number', async () => {
    const events: LpaEvent[] = []
    const card = fakeCard([eid], { channels: [1, 2, 3] })
    await withIsdr(card, { report: event => events.push(event) }, isdr => isdr.call(ES10c.GetEID, askEid))
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'noted', text: expect.stringContaining('3 logical') }),
    )
    expect(card.open.size).toBe(0)
  })

  it('A card without logical channels fails', async () => {
    const card = { transmit: async () => respond(0x6881) }
    await expect(openIsdr(card)).rejects.toMatchObject({ code: 'no-channel', status: 0x6881 })
  })

  it('withIsdr closes the channel after an error and reports the first error', async () => {
    const card = fakeCard([])
    await expect(withIsdr(card, {}, () => Promise.reject(new Error('first')))).rejects.toThrow('first')
    expect(card.open.size).toBe(0)
    const pulled = pullCardAfter(2)(fakeCard([eid]))
    await expect(withIsdr(pulled, {}, isdr => isdr.call(ES10c.GetEID, askEid))).rejects.toMatchObject({
      name: 'ApduError',
      code: 'card-removed',
    })
  })

  it.each<[string, Parameters<typeof fakeCard>[0], object]>([
    ['a status word', [told(ES10c.GetEID, () => 0x6985)], { code: 'card-refused', data: { status: 0x6985 } }],
    ['no answer', [{ ...eid, answer: () => new Uint8Array(0) }], { code: 'bad-card-answer' }],
    ['a wrong tag', [{ ...eid, answer: () => fromHex('bf3f00') }], { code: 'bad-card-answer' }],
    ['an answer cut short', [{ ...eid, answer: () => fromHex('bf3e125a10') }], { code: 'bad-card-answer' }],
    ['an EID too short', [{ ...eid, answer: () => fromHex('bf3e035a0189') }], { code: 'bad-card-answer' }],
  ])('puts down to the card: %s', async (_name, functions, expected) => {
    const events: LpaEvent[] = []
    const work = withIsdr(fakeCard(functions), { report: event => events.push(event) }, isdr =>
      isdr.call(ES10c.GetEID, askEid),
    )
    await expect(work).rejects.toMatchObject({ fault: 'card', ...expected })
    expect(events.map(event => event.kind)).toEqual(['started', 'ended'])
    expect(events[1]).toMatchObject({ step: 'ES10c.GetEID', error: expect.anything() })
  })

  it('onLearned receives the AID and the working segment size', async () => {
    const facts: Learned[] = []
    const events: LpaEvent[] = []
    const card = fakeCard([], { aid: OTHER_AID, onSegment: () => new Uint8Array(0) })
    const choking = {
      transmit: (command: Uint8Array) => {
        if (command.length > 130) throw new ApduError('exchange-lost', 'the reader chokes')
        return card.transmit(command)
      },
    }
    const options = {
      aids: [ISD_R_AID, OTHER_AID],
      segmentSize: 200,
      report: (event: LpaEvent) => void events.push(event),
      onLearned: (fact: Learned) => void facts.push(fact),
    }
    await withIsdr(choking, options, isdr => isdr.send(new Uint8Array(300)))
    expect(card.log).toEqual(['segment'])
    expect(facts).toEqual([{ aid: OTHER_AID }, { segmentSize: 120, tooLong: 200, isConfirmed: true }])
    expect(events).toContainEqual({
      kind: 'noted',
      text: 'the link loses segments of 200 bytes; segments of 120 bytes are used from now on',
    })
  })

  it.each([
    ['asks again, once, where it only asks', 1, 'EID'],
    ['does not ask for ever', 2, 'exchange-lost'],
  ])('lost response of %s', async (_name, losses, outcome) => {
    let left = losses
    const card = fakeCard([eid])
    const losing = {
      transmit: async (command: Uint8Array) => {
        const response = await card.transmit(command)
        if (command[1] === 0xe2 && left-- > 0) throw new ApduError('exchange-lost', 'the reader lost it')
        return response
      },
    }
    const said = await withIsdr(losing, {}, isdr => isdr.call(ES10c.GetEID, askEid)).then(
      () => 'EID',
      (error: ApduError) => error.code,
    )
    expect([said, card.log]).toEqual([outcome, ['GetEID', 'GetEID']])
  })

  it('A function that changes the card is not repeated', async () => {
    const card = fakeCard([told(ES10c.SetNickname, () => ({ setNicknameResult: 'ok' as const }))])
    const losing = {
      transmit: async (command: Uint8Array) => {
        const response = await card.transmit(command)
        if (command[1] === 0xe2) throw new ApduError('exchange-lost', 'the reader lost it')
        return response
      },
    }
    const work = withIsdr(losing, {}, isdr =>
      isdr.call(ES10c.SetNickname, { iccid: new Uint8Array(10), profileNickname: 'x' }),
    )
    await expect(work).rejects.toMatchObject({ code: 'exchange-lost' })
    expect(card.log).toEqual(['SetNickname'])
  })

  it('A long request is sent in segments of the configured size', async () => {
    const sizes: number[] = []
    const card = fakeCard([told(ES10c.SetNickname, () => ({ setNicknameResult: 'ok' as const }))])
    const watched = {
      transmit: (command: Uint8Array) => {
        if (command[1] === 0xe2) sizes.push(command[4]!)
        return card.transmit(command)
      },
    }
    await withIsdr(watched, { segmentSize: 20 }, isdr =>
      isdr.call(ES10c.SetNickname, { iccid: new Uint8Array(10), profileNickname: 'a name of some length' }),
    )
    expect(sizes).toEqual([20, 18])
  })
})

describe('REFRESH after a response', () => {
  const refresh = (mode: string) => (ins: number) =>
    ins === 0x12 ? fromHex(`d00981030101${mode}820281829000`) : fromHex('9000')

  it('REFRESH is fetched, answered and stored, and the response remains', async () => {
    const card = fakeCard([eid], { proactive: refresh('09') })
    const isdr = await openIsdr(card)
    card.announce = 11
    expect(toHex((await isdr.call(ES10c.GetEID, askEid)).eidValue)).toBe(toHex(EID))
    expect(isdr.refreshes).toEqual(['euicc-profile-state-change'])
  })

  it('REFRESH after another command than STORE DATA is served', async () => {
    const log: number[] = []
    const card = fakeCard([eid], { proactive: refresh('09') })
    const isdr = await openIsdr({
      transmit: async command => {
        log.push(command[1]!)
        const response = await card.transmit(command)
        return command[1] === 0xa4 ? concat(response.subarray(0, -2), fromHex('910b')) : response
      },
    })
    expect(log).toEqual([0xaa, 0x70, 0xa4, 0x12, 0x14])
    expect(isdr.refreshes).toEqual(['euicc-profile-state-change'])
  })

  it('A transport error during FETCH is noted and the response remains', async () => {
    const events: LpaEvent[] = []
    const card = fakeCard([eid], { proactive: refresh('09') })
    const isdr = await openIsdr(
      {
        transmit: async command => {
          if (command[1] === 0x12) throw new ApduError('exchange-lost', 'the exchange broke off')
          return card.transmit(command)
        },
      },
      { report: event => events.push(event) },
    )
    card.announce = 11
    // Not a call of a table: what only reads would be sent again.
    expect(toHex(await isdr.send(fromHex('bf3e035c015a')))).toContain(toHex(EID))
    expect(events).toContainEqual(expect.objectContaining({ text: expect.stringContaining('the exchange broke off') }))
  })

  it('A failed FETCH is noted', async () => {
    const events: LpaEvent[] = []
    const card = fakeCard([eid], { proactive: () => fromHex('6f00') })
    const isdr = await openIsdr(card, { report: event => events.push(event) })
    card.announce = 11
    await isdr.call(ES10c.GetEID, askEid)
    expect(events).toContainEqual(expect.objectContaining({ kind: 'noted', text: expect.stringContaining('FETCH') }))
  })
})
