import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineFraming } from '../../../src/apdu/json/lines.ts'

const textOf = (chunks: readonly Uint8Array[], longest = 1000) => {
  const split = createLineFraming(longest)
  return chunks.flatMap(chunk => split(chunk))
}

describe('lines of bytes', () => {
  it('come out whole wherever the bytes are cut', () => {
    const lines = fc.array(fc.stringMatching(/^[!-~äß]{1,20}$/), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(lines, fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (texts, cuts) => {
        const whole = new TextEncoder().encode(`${texts.join('\r\n')}\n`)
        const chunks: Uint8Array[] = []
        for (let at = 0; at < whole.length; ) {
          const end = at + cuts.next().value!
          chunks.push(whole.subarray(at, end))
          at = end
        }
        expect(textOf(chunks)).toEqual(texts.map(text => ({ kind: 'line', text })))
      }),
    )
  })

  it('end with the first that is too long, and blank ones are none', () => {
    const bytes = new TextEncoder().encode('\n \nab\nabcdefgh\nab\n')
    expect(textOf([bytes], 5)).toEqual([
      { kind: 'line', text: 'ab' },
      { kind: 'overlong', bytes: 8 },
    ])
    expect(textOf([bytes.subarray(0, 9), bytes.subarray(9)], 5).at(-1)).toMatchObject({ kind: 'overlong' })
  })
})
