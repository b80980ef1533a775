import { type Replay, replay } from '../../src/apdu/recording/recording.ts'

/** A channel told what it will hear and what to answer, as `'command > response'` in hexadecimal; it refuses all else. */
export const scripted = (...lines: readonly string[]): Replay =>
  replay({
    exchanges: lines.map(line => {
      const [command, response] = line.replace(/[ \n]/g, '').toLowerCase().split('>')
      return { command: command!, response: response! }
    }),
  })

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'))
