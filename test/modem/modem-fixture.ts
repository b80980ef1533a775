import type { Card } from '../../src/apdu/channel.ts'
import type { After } from '../../src/apdu/json/json-asker.ts'
import { type AtModemOptions, createAtModem } from '../../src/euicc/emulator/at-modem.ts'
import type { ModemQuirks } from '../../src/euicc/emulator/at-modem-quirks.ts'
import type { PathNews } from '../../src/modem/at/at-channels.ts'
import type { BytePort } from '../../src/modem/at/at-port.ts'
import { type ModemCardOptions, openModemCard } from '../../src/modem/at-card.ts'
import { ModemError } from '../../src/modem/errors.ts'

const tick = () => new Promise<void>(resolve => setImmediate(resolve))

/** Virtual time: advances to the next timer when nothing else is pending. */
export const createVirtualTime = () => {
  const waiting = new Set<{ at: number; run: () => void }>()
  let now = 0
  const after: After = (ms, run) => {
    const entry = { at: now + ms, run }
    waiting.add(entry)
    return () => void waiting.delete(entry)
  }
  const passOne = (): void => {
    const [next] = [...waiting].sort((one, other) => one.at - other.at)
    if (!next) throw new Error('it hangs: nothing is due, and it has not ended')
    waiting.delete(next)
    now = Math.max(now, next.at)
    next.run()
  }
  return {
    after,
    get now() {
      return now
    },
    /** Runs `work` to its end in virtual time. */
    async until<T>(work: Promise<T>): Promise<T> {
      let isDone = false
      work.then(
        () => {
          isDone = true
        },
        () => {
          isDone = true
        },
      )
      for (;;) {
        for (let turn = 0; turn < 4 && !isDone; turn++) await tick()
        if (isDone) return work
        passOne()
      }
    },
  }
}

type Modem = Pick<ReturnType<typeof createAtModem>, 'receive' | 'onSend' | 'onPresence'>

/** A cable with two ends. `cut` splits the bytes of the modem into chunks. */
export const cable = (
  modem: Modem,
  cut: (sent: Uint8Array) => Uint8Array[] = sent => [sent],
): BytePort & { pull(): void; plug(): void; reopen(): Promise<BytePort> } => {
  let listener: Parameters<BytePort['listen']>[0] | undefined
  let isPlugged = true
  let isPresent = true
  const goneWhenAway = (): void => {
    if (!isPlugged || !isPresent) listener?.gone()
  }
  modem.onSend(bytes => {
    if (isPlugged) for (const piece of cut(bytes)) listener?.data(piece)
  })
  modem.onPresence(now => {
    isPresent = now
    goneWhenAway()
  })
  const end: BytePort = {
    listen: heard => {
      listener = heard
    },
    write: async bytes => {
      if (isPlugged) modem.receive(bytes)
    },
    close: async () => {},
  }
  return {
    ...end,
    pull: () => {
      isPlugged = false
      goneWhenAway()
    },
    plug: () => {
      isPlugged = true
    },
    reopen: async () => {
      if (!isPlugged || !isPresent) throw new ModemError('no-port', 'rig', 'there is no port here')
      return { ...end }
    },
  }
}

/** A card in a modem with these quirks, opened in virtual time. */
export const insert = async (
  card: Pick<Card, 'exclusive' | 'reset'>,
  quirks: ModemQuirks = {},
  { register, ...options }: Partial<ModemCardOptions & Pick<AtModemOptions, 'register'>> = {},
  cut?: (sent: Uint8Array) => Uint8Array[],
) => {
  const time = createVirtualTime()
  const modem = createAtModem({ card, quirks, schedule: time.after, register })
  const port = cable(modem, cut)
  const news: PathNews[] = []
  const inModem = await time.until(
    openModemCard({ port, reopen: port.reopen, after: time.after, report: told => news.push(told), ...options }),
  )
  return {
    modem,
    port,
    time,
    news,
    card: inModem,
    sentCommands: (name: string): string[] => modem.receivedLines.filter(text => text.startsWith(`AT+${name}=`)),
  }
}

export const byteByByte = (sent: Uint8Array): Uint8Array[] => Array.from(sent, byte => Uint8Array.of(byte))
