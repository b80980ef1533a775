import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApduError } from '../../src/apdu/errors.ts'
import { LpaError } from '../../src/lpa/errors.ts'
import { tell } from './download-fixture.ts'
import { type FakeCard, fakeCard } from './fake-card.ts'

/** Whatever a server or a card says, a download ends: with a profile, or with an error that says whose fault it is. */
const expectAnEnd = (error: unknown): void => {
  if (error === undefined) return
  expect(
    [LpaError, ApduError].some(kind => error instanceof kind),
    `${String(error)}`,
  ).toBe(true)
}

describe('garbage input', () => {
  it('A response of the server with one changed character never breaks the LPA', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 }),
        fc.nat(),
        fc.constantFrom('', '"', '}', '0', 'A', '=', ' ', '\\', 'null', '{}'),
        async (answer, at, replacement) => {
          let count = 0
          const { error, card } = await tell({}, undefined, undefined, fetch => async request => {
            const response = await fetch(request)
            if (response.status === 204 || count++ !== answer) return response
            const body = await response.text()
            const index = at % body.length
            return new Response(body.slice(0, index) + replacement + body.slice(index + 1))
          })
          expectAnEnd(error)
          expect(card.open.size).toBe(0)
        },
      ),
      { numRuns: 150, seed: 22 },
    )
  })

  it('A response of the card with one changed byte never breaks the LPA', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 20 }), fc.nat(), fc.integer({ min: 1, max: 255 }), async (exchange, at, flip) => {
        let count = 0
        const garble = (card: FakeCard) => ({
          ...card,
          transmit: async (command: Uint8Array) => {
            const response = await card.transmit(command)
            if (count++ !== exchange) return response
            const index = at % response.length
            return response.with(index, response[index]! ^ flip)
          },
        })
        const { error } = await tell({}, undefined, undefined, undefined, garble)
        expectAnEnd(error)
      }),
      { numRuns: 300, seed: 22 },
    )
  })

  it('A card without an ISD-R ends with no-isdr', async () => {
    const { error } = await tell({}, undefined, undefined, undefined, () => fakeCard([], { aid: new Uint8Array(5) }))
    expect(error).toMatchObject({ code: 'no-isdr', fault: 'card' })
  })
})
