import { describe, expect, it } from 'vitest'
import { type AtEnd, type AtEvent, createAtExchange, describeEnd, isCme } from '../../../src/modem/at/at-exchange.ts'

const CGLA = { text: 'AT+CGLA=1,10,"80E2910000"', reply: /^\+CGLA:\s*(\d+)\s*,\s*"?([0-9A-Fa-f]*)"?$/ }
const line = (text: string): AtEvent => ({ kind: 'line', text })
const endOf = (...events: AtEvent[]): AtEnd | undefined => {
  const exchange = createAtExchange(CGLA)
  const ends = events.map(exchange.parse).filter(end => end !== undefined)
  expect(ends.length).toBeLessThan(2)
  return ends[0]
}

describe('createAtExchange', () => {
  it('OK ends a command; echo and URCs are ignored', () => {
    const end = endOf(line(CGLA.text), line('+CREG: 1'), line('+CGLA: 4,"9000"'), line('RING'), line('OK'))
    expect(end).toMatchObject({ end: 'ok', lines: ['+CREG: 1', '+CGLA: 4,"9000"', 'RING'] })
    expect(end?.end === 'ok' && end.reply?.[2]).toBe('9000')
  })

  it.each<[string, AtEvent, AtEnd]>([
    ['ERROR', line('ERROR'), { end: 'error' }],
    ['what is said instead of it', line('COMMAND NOT SUPPORT'), { end: 'error' }],
    ['+CME ERROR with a number', line('+CME ERROR: 13'), { end: 'cme', error: 13 }],
    ['+CME ERROR with words', line('+CME ERROR: SIM failure'), { end: 'cme', error: 'SIM failure' }],
    ['+CMS ERROR', line('+CMS ERROR:302'), { end: 'cms', error: 302 }],
    ['the deadline', { kind: 'timeout' }, { end: 'timed-out' }],
    ['the port', { kind: 'gone' }, { end: 'port-gone' }],
    ['an OK without an answer', line('OK'), { end: 'garbage', otherLines: ['+CREG: 1'] }],
  ])('is %s', (_name, last, expected) => {
    // Nothing after the end is parsed.
    expect(endOf(line('+CREG: 1'), last, line('OK'), line('ERROR'))).toEqual(expected)
    expect(describeEnd(expected)).not.toBe('')
  })

  it.each(['OK', 'ERROR', '+CGLA: 4,"6985"', '+CMT: "+49",,""'])(
    'a short message with the text %s does not end a command',
    said => {
      const end = endOf(line('+CMT: "+49151",,"26/11/23,03:00:00+04"'), line(said), line('+CGLA: 4,"9000"'), line('OK'))
      expect(end).toMatchObject({ end: 'ok', lines: ['+CGLA: 4,"9000"'] })
    },
  )

  it('a prompt does not end a command and is not garbage', () => {
    expect(endOf({ kind: 'prompt' }, { kind: 'garbage', bytes: Uint8Array.of(0xff) })).toBeUndefined()
  })

  it('a verbose CME error is compared by its number', () => {
    expect(isCme({ end: 'cme', error: 'SIM busy' }, 14)).toBe(true)
    expect(isCme({ end: 'cme', error: 'operation not allowed' }, 3)).toBe(true)
    expect(isCme({ end: 'cme', error: 'SIM busy' }, 13)).toBe(false)
    expect(isCme({ end: 'cms', error: 14 }, 14)).toBe(false)
  })

  it('two different responses are garbage, and a response with a name has priority', () => {
    const single = { text: 'AT+CCHO="A0"', reply: /^\+CCHO: (\w+)$/, bareReply: /^(\d+)$/, single: true }
    const endOf = (...texts: string[]) => {
      const exchange = createAtExchange(single)
      return texts.map(text => exchange.parse(line(text))).find(end => end !== undefined)
    }
    expect(endOf('+CCHO: 1', '+CCHO: 2', 'OK')).toMatchObject({ end: 'garbage' })
    expect(endOf('7', '+CCHO: 1', '8', 'OK')).toMatchObject({ end: 'garbage' })
    expect(endOf('+CCHO: 1', '8', '+CCHO: 1', 'OK')).toMatchObject({
      end: 'ok',
      reply: expect.objectContaining({ 1: '1' }),
    })
    expect(endOf('8', 'OK')).toMatchObject({ end: 'ok', reply: expect.objectContaining({ 1: '8' }) })
  })

  it('the last of several responses is used if they may differ', () => {
    const exchange = createAtExchange({ text: 'AT+CREG?', reply: /^\+CREG: (\d)$/ })
    const ends = ['+CREG: 1', '+CREG: 5', 'OK'].map(text => exchange.parse(line(text)))
    expect(ends.at(-1)).toMatchObject({ end: 'ok', reply: expect.objectContaining({ 1: '5' }) })
  })

  it('describeEnd has the texts of TS 27.007', () => {
    expect(describeEnd({ end: 'cme', error: 10 })).toBe('+CME ERROR: 10 (SIM not inserted)')
    expect(describeEnd({ end: 'cms', error: 10 })).toBe('+CMS ERROR: 10')
  })
})
