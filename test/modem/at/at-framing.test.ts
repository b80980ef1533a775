import { describe, expect, it } from 'vitest'
import { type AtPiece, createAtFraming } from '../../../src/modem/at/at-framing.ts'
import { byteByByte } from '../modem-fixture.ts'

const latin = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const shown = (pieces: readonly AtPiece[]) =>
  pieces.map(piece => (piece.kind === 'line' ? piece.text : piece.kind === 'prompt' ? '<prompt>' : '<garbage>'))
const framed = (text: string) => shown(createAtFraming().push(latin(text)))

describe('createAtFraming', () => {
  it.each([
    ['an answer', '\r\n+CGLA: 4,"9000"\r\n\r\nOK\r\n', ['+CGLA: 4,"9000"', 'OK']],
    ['an echo before it', 'AT+CGSN\r\r\n356938035643809\r\n\r\nOK\r\n', ['AT+CGSN', '356938035643809', 'OK']],
    ['lines that end in CR or LF alone', 'one\rtwo\nOK\r', ['one', 'two', 'OK']],
    ['NUL bytes anywhere', '\0\r\0\nO\0K\r\n\0', ['OK']],
    ['a prompt', '\r\n> ', ['<prompt>']],
    ['a line with bytes that are no text', '\r\nO\xffK\r\nOK\r\n', ['<garbage>', 'OK']],
    ['an end without its line', '\r\nOK', []],
  ])('%s', (_name, text, expected) => {
    expect(framed(text)).toEqual(expected)
    const framing = createAtFraming()
    expect(byteByByte(latin(text)).flatMap(piece => shown(framing.push(piece)))).toEqual(expected)
  })

  it('a line that exceeds the maximum length is garbage, and the next one is parsed', () => {
    const framing = createAtFraming()
    expect(shown(framing.push(latin('A'.repeat(150_000))))).toEqual(['<garbage>'])
    expect(shown(framing.push(latin('\r\nOK\r\n')))).toContain('OK')
  })

  it('every byte of garbage is reported', () => {
    const [piece] = createAtFraming().push(Uint8Array.of(0x41, 0x80, 0xfe, 0x0d))
    expect(piece).toEqual({ kind: 'garbage', bytes: Uint8Array.of(0x41, 0x80, 0xfe) })
  })
})
