import { describe, expect, it } from 'vitest'
import { openCardOver } from '../../src/pcsc/card.ts'
import { type ServiceProbe, withPcscdTimeout } from '../../src/pcsc/service.ts'
import { watchReaders } from '../../src/pcsc/watch.ts'
import { allReleased, hasPendingCall } from '../../src/pcsc/watchdog.ts'
import { createDesk, settled } from './pcsc-fixture.ts'

const CARD = { atr: Uint8Array.of(0x3b, 0), name: 7 }
const FROZEN = {
  code: 'no-service',
  message: 'pcscd runs but does not answer; restart it: systemctl restart pcscd',
}

describe('a pcscd that does not answer', () => {
  it('listing readers and opening a card fail without a call', async () => {
    const desk = createDesk()
    desk.insert(CARD)
    const binding = withPcscdTimeout(desk.binding, async () => false)
    await expect(binding.readers()).rejects.toMatchObject(FROZEN)
    await expect(binding.connect('R')).rejects.toMatchObject(FROZEN)
    await expect(openCardOver(desk.binding, { answers: async () => false })).rejects.toMatchObject(FROZEN)
    expect(desk.calls).toEqual([])
  })

  it('watchReaders reports it, and continues when pcscd answers again', async () => {
    const desk = createDesk()
    desk.insert(CARD)
    let answers = true
    let look = (): void => {}
    const heard: string[] = []
    const stop = watchReaders({
      answers: async () => answers,
      load: async () => desk.binding,
      onChange: change => void heard.push(change.kind === 'service-left' ? change.error.message : change.kind),
      later: next => {
        look = next
        return () => {}
      },
    })
    await settled()
    for (const now of [false, false, true]) {
      answers = now
      look()
      await settled()
    }
    stop()
    await settled()
    expect(heard).toEqual([
      ...['service-came', 'reader-came', 'card-came'],
      ...['reader-left', FROZEN.message],
      ...['service-came', 'reader-came', 'card-came'],
    ])
  })

  it('the card is released when pcscd answers again; until then hasPendingCall() is true', async () => {
    const desk = createDesk()
    desk.insert(CARD)
    let answers = true
    const card = await openCardOver(desk.binding, { answers: async () => answers })
    answers = false
    expect(hasPendingCall()).toBe(false)
    await card.close()
    await settled()
    expect(desk.calls.filter(call => call === 'disconnect' || call === 'release')).toEqual([])
    expect(hasPendingCall()).toBe(true)

    answers = true
    const again = createDesk()
    await withPcscdTimeout(again.binding, async () => answers).readers()
    expect(desk.calls.at(-1)).toBe('release')
    expect(hasPendingCall()).toBe(false)
  })

  it('allReleased() resolves when the probe has answered', async () => {
    for (const answers of [true, false]) {
      const desk = createDesk()
      desk.insert(CARD)
      let say: ((answers: boolean) => void) | undefined
      let calls = 0
      const answer: ServiceProbe = () =>
        new Promise(resolve => {
          // After the readers, the connection and its end, pcscd stops answering.
          if (++calls < 4) resolve(true)
          else say = resolve
        })
      const card = await openCardOver(desk.binding, { answers: answer })
      await card.close()
      expect(hasPendingCall()).toBe(true)
      const given = allReleased()
      say!(answers)
      await given
      expect([hasPendingCall(), desk.calls.includes('release')]).toEqual([!answers, answers])
      await withPcscdTimeout(createDesk().binding, async () => true).readers()
    }
    expect(hasPendingCall()).toBe(false)
  })
})

it('a card that is closed twice is released once', async () => {
  const desk = createDesk()
  desk.insert(CARD)
  const card = await openCardOver(desk.binding, { answers: async () => true })
  let end = (): void => {}
  const work = card.exclusive(
    () =>
      new Promise<void>(resolve => {
        end = resolve
      }),
  )
  const first = card.close()
  const second = card.close()
  await settled()
  end()
  await Promise.all([work, first, second, allReleased()])
  await card.close()
  await allReleased()
  expect(desk.calls.filter(call => call === 'disconnect' || call === 'release')).toEqual(['disconnect', 'release'])
})
