import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/apdu/channel.ts'
import { openCardOver } from '../../src/pcsc/card.ts'
import { hasPendingCall } from '../../src/pcsc/watchdog.ts'
import { createDesk, createTime, settled } from './pcsc-fixture.ts'

const ATR = Uint8Array.of(0x3b, 0)
const COMMAND = Uint8Array.of(0, 0xa4, 0, 0)
const ask = (channel: Channel) => channel.transmit(COMMAND)

describe('a reader whose call does not return', () => {
  it('an expired call rejects with reader-timeout and blocks the reader until it returns', async () => {
    const [desk, time] = [createDesk(), createTime()]
    const card = { atr: ATR, name: 7, hangs: true }
    desk.insert(card)
    const held = await openCardOver(desk.binding, { after: time.after })
    const answer = held.exclusive(ask)
    answer.catch(() => {})
    await settled()
    expect([...time.waiting].map(({ ms }) => ms)).toEqual([300_000])
    expect(hasPendingCall()).toBe(true)
    time.pass()
    const stuck = {
      code: 'port-gone',
      message: expect.stringMatching(/^R: no answer in 300 s, .* disconnect the reader .* restart pcscd/),
    }
    await expect(answer).rejects.toMatchObject(stuck)

    // libpcsclite would block the process at the next call.
    const before = desk.calls.length
    await expect(held.exclusive(ask)).rejects.toMatchObject(stuck)
    await expect(held.reset()).rejects.toMatchObject(stuck)
    await held.close()
    expect(desk.calls.slice(before)).toEqual([])
    await expect(openCardOver(desk.binding, { after: time.after })).rejects.toMatchObject({ code: 'reader-timeout' })
    expect(desk.calls).not.toContain('disconnect')
    expect(time.waiting.size).toBe(0)

    // The late response is discarded, and the reader is available again.
    card.hangs = false
    desk.comeBack()
    await settled()
    expect(hasPendingCall()).toBe(false)
    expect(desk.calls.slice(-2)).toEqual(['disconnect', 'release'])
    const again = await openCardOver(desk.binding, { after: time.after })
    expect([...(await again.exclusive(ask))]).toEqual([7, 0x90, 0])
    await again.close()
    expect(time.waiting.size).toBe(0)
  })

  it('closing rejects a waiting call after the close timeout', async () => {
    const [desk, time] = [createDesk(), createTime()]
    const card = { atr: ATR, name: 7, hangs: true }
    desk.insert(card)
    const held = await openCardOver(desk.binding, { after: time.after })
    const answer = held.exclusive(ask)
    await settled()
    const closing = held.close()
    expect([...time.waiting].map(({ ms }) => ms)).toEqual([300_000, 10_000])
    for (const entry of [...time.waiting]) if (entry.ms === 10_000) entry.run()
    await expect(answer).rejects.toMatchObject({
      code: 'port-gone',
      message: expect.stringMatching(
        /^R: canceled before the reader answered, .* leave it inserted for some minutes; .* restart pcscd/,
      ),
    })
    await closing
    expect(hasPendingCall()).toBe(true)
    expect(desk.calls).not.toContain('release')
    await expect(openCardOver(desk.binding, { after: time.after })).rejects.toMatchObject({ code: 'reader-timeout' })

    card.hangs = false
    desk.comeBack()
    await settled()
    expect(desk.calls.slice(-2)).toEqual(['disconnect', 'release'])
    expect(hasPendingCall()).toBe(false)
  })
})
