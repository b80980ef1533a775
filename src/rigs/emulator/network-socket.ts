import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { z } from 'zod'
import { createLineFraming } from '../../apdu/json/lines.ts'
import { createMutex } from '../../apdu/mutex.ts'
import { fromHex, toHex } from '../../asn1/bytes.ts'
import type { NetworkAccess } from '../../modem/radio/registration.ts'

/*
 * The network of a running bench, for a modem that is plugged in by another process (`euicc plug --pty`): a socket in
 * the state folder, which nobody else can open. Lines of JSON, each with its answer:
 *
 *     {"imsi":"00101…"}                 {"rand":"…","autn":"…"} or {"refused":"…"}
 *     {"imsi":"00101…","res":"…"}       {"registration":"home","operator":"…","plmn":"…"}, or as above
 *     {"imsi":"00101…","auts":"…"}      the same
 *
 * These are what crosses the air of a real network: no key, and no session key.
 */
const Hex = z.string().regex(/^([0-9a-f]{2}){1,32}$/)
const Asked = z.union([
  z.strictObject({ imsi: z.string(), res: Hex }),
  z.strictObject({ imsi: z.string(), auts: Hex }),
  z.strictObject({ imsi: z.string() }),
])
const NetworkAnswer = z.union([
  z.strictObject({ rand: Hex, autn: Hex }),
  z.strictObject({ registration: z.enum(['home', 'roaming']), operator: z.string(), plmn: z.string() }),
  z.strictObject({ refused: z.string() }),
])
export type NetworkAnswer = z.infer<typeof NetworkAnswer>

/** Undefined where it is no JSON. */
const tryParse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** What the bench says in a line; whoever says anything else is no bench, and its network takes nobody. */
export const readNetworkAnswer = (line: string): NetworkAnswer => {
  const { data } = NetworkAnswer.safeParse(tryParse(line))
  return data ?? { refused: 'not-understood' }
}

export const networkSocketOf = (home: string): string => join(home, 'network.sock')

const answerTo = async (network: NetworkAccess, line: string): Promise<NetworkAnswer> => {
  const asked = Asked.safeParse(tryParse(line))
  if (!asked.success) return { refused: 'not-understood' }
  const { imsi } = asked.data
  const said =
    'res' in asked.data
      ? await network.answer(imsi, { res: fromHex(asked.data.res) })
      : 'auts' in asked.data
        ? await network.answer(imsi, { auts: fromHex(asked.data.auts) })
        : { challenge: await network.challenge(imsi) }
  if ('accepted' in said) return { registration: said.registration, operator: said.operator, plmn: said.plmn }
  const challenge = 'challenge' in said ? said.challenge : said
  if ('refused' in challenge) return { refused: challenge.refused }
  return { rand: toHex(challenge.rand), autn: toHex(challenge.autn) }
}

const LONGEST_LINE = 1_000

/** Rejects where the folder takes no socket: its path is too long, or its file system knows none. */
export const openNetworkSocket = async (path: string, network: NetworkAccess): Promise<{ close(): Promise<void> }> => {
  // The state folder is this process's alone: what lies there is left from one that died.
  rmSync(path, { force: true })
  const open = new Set<Socket>()
  const server = createServer(socket => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    const read = createLineFraming(LONGEST_LINE)
    const runExclusive = createMutex()
    socket.on('data', chunk => {
      for (const line of read(chunk))
        void runExclusive(async () => {
          if (line.kind === 'overlong') return void socket.destroy()
          socket.write(`${JSON.stringify(await answerTo(network, line.text))}\n`)
        }).catch(() => socket.destroy())
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => resolve())
  })
  // The folder keeps others out; a folder that somebody has opened to them does not make this theirs.
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise(resolve => {
        for (const socket of open) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
