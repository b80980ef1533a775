import { describe, expect, it } from 'vitest'
import { describeStatus, getResponseData, getStatus, isOk, respond, triesLeft } from '../../src/apdu/status.ts'
import { bytes, hex } from './scripted-channel.ts'

describe('status words', () => {
  it('parts a response into data and status', () => {
    expect(getStatus(bytes('01026a82'))).toBe(0x6a82)
    expect(hex(getResponseData(bytes('01026a82')))).toBe('0102')
    expect(hex(respond(0x9000, bytes('0102')))).toBe('01029000')
    expect(() => getStatus(bytes('90'))).toThrow(expect.objectContaining({ code: 'bad-response' }))
  })

  it.each([
    [0x9000, true],
    [0x910b, true],
    [0x6105, true],
    [0x6283, false],
    [0x63c2, false],
    [0x6a82, false],
    [0x9862, false],
    [0x9300, false],
  ])('%i is a normal ending: %s', (status, ok) => {
    expect(isOk(status)).toBe(ok)
  })

  it.each([
    [0x6a82, '6A82 (file or application not found)'],
    [0x63c2, '63C2 (wrong PIN or verification, 2 attempts left)'],
    [0x910b, '910B (normal ending, a proactive command of 11 bytes is pending)'],
    [0x6c00, '6C00 (wrong length, Le must be 256)'],
    [0x9862, '9862 (authentication error, incorrect MAC)'],
    [0x1234, '1234 (unknown status word)'],
  ])('describes %i', (status, text) => {
    expect(describeStatus(status)).toBe(text)
  })

  it('counts the tries of a PIN', () => {
    expect(triesLeft(0x63c0)).toBe(0)
    expect(triesLeft(0x63c3)).toBe(3)
    expect(triesLeft(0x6983)).toBeUndefined()
  })
})
