import { type BytePort, createAtPort } from '../../../src/modem/at/at-port.ts'
import { createVirtualTime } from '../modem-fixture.ts'

/** Runs `work` on a port that answers each command with these lines, or with those of `answers`. */
export const askScripted = async <T>(
  work: (port: ReturnType<typeof createAtPort>) => Promise<T>,
  answers: readonly string[] | ((command: string) => readonly string[]),
): Promise<T> => {
  const time = createVirtualTime()
  let say: (bytes: Uint8Array) => void = () => {}
  const port: BytePort = {
    listen: ({ data }) => {
      say = data
    },
    write: async bytes => {
      const command = new TextDecoder().decode(bytes).trimEnd()
      const lines = typeof answers === 'function' ? answers(command) : answers
      say(new TextEncoder().encode(lines.map(line => `\r\n${line}\r\n`).join('')))
    },
    close: async () => {},
  }
  return time.until(work(createAtPort(port, time.after)))
}
