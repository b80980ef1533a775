import { runProgram } from '../../../src/cli/main.ts'
import type { Place } from '../../cli/runtime.ts'

export interface Serving {
  readonly out: () => string
  readonly err: () => string
  /** HOST:PORT of one of its interfaces. */
  port(name: 'ES9+' | 'ES2+' | 'ES11' | 'ES12'): number
  /** As Ctrl-C does; gives the exit code. */
  end(): Promise<number>
}

/** `smdp serve` in a place, until it is ended. Throws what it says where it does not start. */
export const serveSmdp = (place: Place, ...args: string[]): Promise<Serving> =>
  serveSmdpAt(place, () => new Date(), ...args)

/** The same by another clock. */
export const serveSmdpAt = async (place: Place, clock: () => Date, ...args: string[]): Promise<Serving> => {
  const interrupt = new AbortController()
  const { runtime, out, err } = place.runtimeOf(interrupt.signal)
  let isUp: () => void = () => undefined
  const up = new Promise<'up'>(resolve => {
    isUp = () => resolve('up')
  })
  const watching = {
    ...runtime,
    clock,
    out: {
      write(text: string) {
        runtime.out.write(text)
        if (text.includes('Ctrl-C')) isUp()
      },
    },
  }
  const done = runProgram(watching, ['smdp', 'serve', '--es9-port', '0', ...args])
  const first = await Promise.race([up, done])
  if (first !== 'up') throw new Error(`it ended with ${first}: ${err()}`)
  return {
    out,
    err,
    port(name) {
      const found = out().match(new RegExp(`${name.replace('+', '\\+')}\\s+\\S+:(\\d+)`))
      if (!found) throw new Error(`no ${name} in ${out()}`)
      return Number(found[1])
    },
    end() {
      interrupt.abort()
      return done
    },
  }
}
