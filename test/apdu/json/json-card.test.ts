import { describe, expect, it } from 'vitest'
import type { Channel } from '../../../src/apdu/channel.ts'
import { readQuestion } from '../../../src/apdu/json/apdu-json.ts'
import { createJsonAnswerer } from '../../../src/apdu/json/json-answerer.ts'
import { JSON_DEADLINES, openJsonCard } from '../../../src/apdu/json/json-card.ts'
import { classifyError } from '../../../src/bench/run/classify-error.ts'
import { bytes, hex, scripted } from '../scripted-channel.ts'
import { createTimers, scriptedPort } from './line-port.ts'

const answer = (ecode: number, data = ''): string =>
  JSON.stringify({ type: 'apdu', payload: data === '' ? { ecode } : { ecode, data } })
const AID = 'a0000005591010ffffffff8900000100'

/** A card behind a port that answers `connect`, and the rest as `replies` has it, by `func param`. */
const open = async (replies: Record<string, string>, timers = createTimers()) => {
  const asked: string[] = []
  const link = scriptedPort(line => {
    const { func, param } = readQuestion(line)!
    const what = param === null ? func : `${func} ${hex(param)}`
    asked.push(what)
    return func === 'connect' || func === 'disconnect' ? [answer(0)] : [replies[what] ?? answer(-1)]
  })
  const card = await openJsonCard(link.port, 'the program x', timers.after)
  const transmit = (command: string): Promise<string> =>
    card.exclusive(async channel => hex(await channel.transmit(bytes(command))))
  return { card, asked, transmit, link, timers }
}

describe('openJsonCard', () => {
  it('close() releases a card that hangs, after the deadline of the running command', async () => {
    const timers = createTimers()
    const link = scriptedPort(line => (readQuestion(line)!.func === 'transmit' ? [] : [answer(0)]))
    const leaving = { ...link.port, close: () => link.port.close().then(() => link.leave('closed')) }
    const card = await openJsonCard(leaving, 'the program x', timers.after)
    const hangs = card.exclusive(channel => channel.transmit(bytes('80f2000000')))
    const closing = card.close()
    await expect.poll(() => timers.deadlines()).toEqual([10_000, JSON_DEADLINES.transmit])
    expect(link.closed()).toBe(0)
    timers.pass(10_000)
    await expect(hangs).rejects.toMatchObject({ code: 'link-closed' })
    await closing
    expect(timers.deadlines()).toEqual([])
  })

  it('openJsonCard sends the requests of the protocol', async () => {
    const { link } = await open({})
    expect(link.sent).toEqual(['{"type":"apdu","payload":{"func":"connect","param":null}}'])
  })

  it('openJsonCard uses the ATR of the connect response, if it contains one', async () => {
    const link = scriptedPort(() => [answer(0, '3b00')])
    const card = await openJsonCard(link.port, 'the program x', createTimers().after)
    expect(hex(card.atr)).toBe('3b00')
    expect(hex((await open({})).card.atr)).toBe('')
  })

  it('openJsonCard opens a logical channel together with its application and returns the FCI', async () => {
    const { transmit, asked } = await open({
      [`logic_channel_open ${AID}`]: answer(2),
      [`transmit 02a4040010${AID}00`]: answer(0, '6f029000'),
      'transmit 82e2910003bf2e0000': answer(0, 'bf2e009000'),
      'logic_channel_close 02': answer(0),
    })
    expect(await transmit('0070000001')).toBe('019000')
    expect(await transmit(`01a4040010${AID}00`)).toBe('6f029000')
    expect(await transmit('81e2910003bf2e0000')).toBe('bf2e009000')
    expect(await transmit('00708001')).toBe('9000')
    expect(await transmit('81e2910003bf2e0000')).toBe('6881')
    expect(asked.at(-1)).toBe('logic_channel_close 02')
  })

  it('openJsonCard encodes channels above 3 in the further coding of the class byte', async () => {
    const { transmit } = await open({
      [`logic_channel_open ${AID}`]: answer(5),
      [`transmit 41a4040010${AID}00`]: answer(0, '9000'),
      'transmit c1e2910003bf2e0000': answer(0, 'bf2e009000'),
    })
    await transmit('0070000001')
    await transmit(`01a4040010${AID}00`)
    expect(await transmit('81e2910003bf2e0000')).toBe('bf2e009000')
  })

  it('openJsonCard sends MANAGE CHANNEL if the peer cannot open a channel', async () => {
    const { transmit, asked } = await open({
      'transmit 0070000001': answer(0, '039000'),
      [`transmit 03a4040010${AID}00`]: answer(0, '6f009000'),
      'transmit 83e2910003bf2e0000': answer(0, '9000'),
      'transmit 00708003': answer(0, '9000'),
    })
    expect(await transmit('0070000001')).toBe('019000')
    expect(await transmit(`01a4040010${AID}00`)).toBe('6f009000')
    expect(await transmit('81e2910003bf2e0000')).toBe('9000')
    expect(await transmit('00708001')).toBe('9000')
    expect(asked.at(-1)).toBe('transmit 00708003')
  })

  it('openJsonCard returns SW 6A82 for an application that cannot be opened, and closes its channel', async () => {
    const { transmit, asked } = await open({
      'transmit 0070000001': answer(0, '039000'),
      [`transmit 03a4040010${AID}00`]: answer(0, '6a82'),
      'transmit 00708003': answer(0, '9000'),
    })
    await transmit('0070000001')
    expect(await transmit(`01a4040010${AID}00`)).toBe('6a82')
    expect(asked.at(-1)).toBe('transmit 00708003')
    const alone = await open({})
    await alone.transmit('0070000001')
    expect(await alone.transmit(`01a4040010${AID}00`)).toBe('6a82')
  })

  it('openJsonCard closes an application before it opens another one in the same channel', async () => {
    const other = 'a000000151000000'
    const { transmit, asked } = await open({
      [`logic_channel_open ${AID}`]: answer(1),
      [`logic_channel_open ${other}`]: answer(1),
      [`transmit 01a4040010${AID}00`]: answer(0, '9000'),
      [`transmit 01a4040008${other}00`]: answer(0, '9000'),
    })
    await transmit('0070000001')
    await transmit(`01a4040010${AID}00`)
    await transmit(`01a4040008${other}00`)
    expect(asked.slice(-3)).toEqual([
      'logic_channel_close 01',
      `logic_channel_open ${other}`,
      `transmit 01a4040008${other}00`,
    ])
  })

  it('reset() connects again with no open channel, and close() disconnects', async () => {
    const { card, transmit, asked, link } = await open({})
    await transmit('0070000001')
    await card.reset()
    expect(await transmit('0070000001')).toBe('019000')
    await card.close()
    expect(asked).toEqual(['connect', 'disconnect', 'connect', 'disconnect'])
    expect(link.closed()).toBe(1)
  })
})

describe('openJsonCard with a slow peer', () => {
  it('reset() waits for the disconnect response, and close() does not', async () => {
    const timers = createTimers()
    const deadlines: number[][] = []
    const link = scriptedPort(line => {
      if (readQuestion(line)!.func === 'disconnect') deadlines.push(timers.deadlines())
      return [answer(0)]
    })
    const card = await openJsonCard(link.port, 'the program x', timers.after)
    await card.reset()
    await card.close()
    expect(deadlines).toEqual([[JSON_DEADLINES.connect], [JSON_DEADLINES.disconnect]])
  })
})

describe('openJsonCard with a peer that violates APDU JSON', () => {
  const bad = async (misbehave: (at: Awaited<ReturnType<typeof open>>) => void, reply = '') => {
    const timers = createTimers()
    let isReady = false
    const link = scriptedPort(() => (isReady ? (reply === '' ? [] : [reply]) : [answer(0)]))
    const card = await openJsonCard(link.port, 'the program x', timers.after)
    isReady = true
    const run = card.exclusive(channel => channel.transmit(bytes('00a40000')))
    run.catch(() => undefined)
    await Promise.resolve()
    misbehave({ card, link, timers } as never)
    const error = await run.then(
      response => expect.unreachable(`took ${hex(response)} for an answer`),
      (failure: unknown) => failure,
    )
    return { error, card, link }
  }

  it.each([
    ['a line that is not JSON', 'READY', 'link-garbage', '"READY"'],
    ['JSON of something else', '{"type":"progress","payload":{}}', 'link-garbage', 'progress'],
    [
      'an answer without ecode',
      '{"type":"apdu","payload":{"data":"9000"}}',
      'link-garbage',
      'not an answer in APDU JSON',
    ],
    ['data that is not hexadecimal', answer(0, '900'), 'link-garbage', 'not an answer'],
    ['a negative ecode', answer(-7), 'link-refused', 'ecode -7'],
    ['no status word', answer(0, '90'), 'link-refused', '1 bytes'],
  ])('openJsonCard rejects with the cause rig on %s', async (_name, line, code, words) => {
    const { error } = await bad(() => {}, line)
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) })
    expect(classifyError(error)).toMatchObject({ verdict: 'blocked', cause: 'rig', isForeseen: true })
  })

  it('openJsonCard rejects with link-silent at the deadline of the request', async () => {
    const { error, card, link } = await bad(({ timers }) => {
      expect(timers.deadlines()).toEqual([JSON_DEADLINES.transmit])
      timers.pass()
    })
    expect(error).toMatchObject({ code: 'link-silent', message: expect.stringContaining('(question: transmit)') })
    // The answer that comes after all is not taken for that to the next question.
    link.say({ kind: 'line', text: answer(0, '9000') })
    await expect(card.exclusive(channel => channel.transmit(bytes('00a40000')))).rejects.toBe(error)
  })

  it('openJsonCard rejects if the peer ends during a request or sends an overlong line', async () => {
    const ended = await bad(({ link }) => link.leave('ended with exit code 3'))
    expect(ended.error).toMatchObject({
      code: 'link-closed',
      message: 'the program x ended with exit code 3 (question: transmit)',
    })
    const overlong = await bad(({ link }) => link.say({ kind: 'overlong', bytes: 300_000 }))
    expect(overlong.error).toMatchObject({ code: 'link-overlong', message: expect.stringContaining('300000 bytes') })
  })

  it('openJsonCard rejects with link-protocol after an answer without a request', async () => {
    const { transmit, link } = await open({ 'transmit 00a40000': answer(0, '9000') })
    expect(await transmit('00a40000')).toBe('9000')
    link.say({ kind: 'line', text: answer(0, '6a82') })
    await expect(transmit('00a40000')).rejects.toMatchObject({ code: 'link-protocol' })
  })

  it('openJsonCard closes the port if the peer does not connect', async () => {
    const link = scriptedPort(() => [answer(-1)])
    await expect(openJsonCard(link.port, 'the program x', createTimers().after)).rejects.toMatchObject({
      code: 'link-refused',
      message: 'the program x could not connect to a card (ecode -1). Check the card and the reader of that program.',
    })
    expect(link.closed()).toBe(1)
  })
})

describe('createJsonAnswerer', () => {
  const ask = (func: string, param: string | null): string => JSON.stringify({ type: 'apdu', payload: { func, param } })
  const told = (...lines: string[]) => {
    const channel: Channel & { left: number } = scripted(...lines)
    return { channel, answerer: createJsonAnswerer(channel) }
  }

  it('the answerer opens a channel, transmits a command and closes the channel', async () => {
    const { channel, answerer } = told(
      '0070000001 > 029000',
      `02a4040010${AID}00 > 6f009000`,
      '82e2910003bf2e00 > 6105',
      '00708002 > 9000',
    )
    const said = []
    for (const line of [
      ask('connect', null),
      ask('logic_channel_open', AID),
      ask('transmit', '82E2910003BF2E00'),
      ask('logic_channel_close', '02'),
      ask('disconnect', ''),
    ])
      said.push(await answerer.answer(line))
    expect(said).toEqual([answer(0), answer(2), answer(0, '6105'), answer(0), answer(0)])
    expect(channel.left).toBe(0)
  })

  it('the answerer closes the open channel at a second connect without a reset', async () => {
    const { channel, answerer } = told('0070000001 > 019000', `01a4040010${AID}00 > 9000`, '00708001 > 9000')
    expect(await answerer.answer(ask('logic_channel_open', AID))).toBe(answer(1))
    expect(await answerer.answer(ask('connect', null))).toBe(answer(0))
    expect(channel.left).toBe(0)
  })

  it('the answerer closes open channels at its end, also after a SELECT that fails', async () => {
    const { channel, answerer } = told(
      '0070000001 > 019000',
      `01a4040010${AID}00 > 6a82`,
      '00708001 > 9000',
      '0070000001 > 019000',
      `01a4040010${AID}00 > 9000`,
      '00708001 > 9000',
    )
    expect(await answerer.answer(ask('logic_channel_open', AID))).toBe(answer(-1))
    expect(await answerer.answer(ask('logic_channel_open', AID))).toBe(answer(1))
    await answerer.end()
    expect(channel.left).toBe(0)
  })

  it.each([
    ['nonsense', 'xyz'],
    ['another type', '{"type":"http","payload":{}}'],
    ['an unknown function', ask('reset', null)],
    ['invalid digits', ask('transmit', '0g')],
    ['nothing to transmit', ask('transmit', '')],
    ['a channel of two bytes', ask('logic_channel_close', '0101')],
  ])('the answerer answers %s with ecode -1', async (_name, line) => {
    expect(await told().answerer.answer(line)).toBe(answer(-1))
  })
})
