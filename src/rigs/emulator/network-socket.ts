import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { z } from 'zod'
import { createLineFraming } from '../../apdu/json/lines.ts'
import { createMutex } from '../../apdu/mutex.ts'
import { fromHex, toHex } from '../../asn1/bytes.ts'
import type { NetworkAccess } from '../../modem/radio/registration.ts'

/*
 * The network of a running bench, for a modem emulated by another process (`euicc emulate --pty`). The socket is in the
 * state folder, and only its user can open it. Each line is JSON, and each request has one answer:
 *
 *     {"imsi":"00101…"}                 {"rand":"…","autn":"…"} or {"refused":"…"}
 *     {"imsi":"00101…","res":"…"}       {"registration":"home","operator":"…","plmn":"…"}, or as above
 *     {"imsi":"00101…","auts":"…"}      the same
 *
 * The lines contain what the radio interface of a network carries: no key and no session key.
 */
const Hex = z.string().regex(/^([0-9a-f]{2}){1,32}$/)
const Question = z.union([
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

/** Undefined if the line is not JSON. */
const tryParse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Parses an answer of the bench. Any other text becomes the refusal `not-understood`. */
export const readNetworkAnswer = (line: string): NetworkAnswer => {
  const { data } = NetworkAnswer.safeParse(tryParse(line))
  return data ?? { refused: 'not-understood' }
}

export const getNetworkSocketPath = (home: string): string => join(home, 'network.sock')

const answerTo = async (network: NetworkAccess, line: string): Promise<NetworkAnswer> => {
  const asked = Question.safeParse(tryParse(line))
  if (!asked.success) return { refused: 'not-understood' }
  const { imsi } = asked.data
  const result =
    'res' in asked.data
      ? await network.answer(imsi, { res: fromHex(asked.data.res) })
      : 'auts' in asked.data
        ? await network.answer(imsi, { auts: fromHex(asked.data.auts) })
        : { challenge: await network.challenge(imsi) }
  if ('accepted' in result) return { registration: result.registration, operator: result.operator, plmn: result.plmn }
  const challenge = 'challenge' in result ? result.challenge : result
  if ('refused' in challenge) return { refused: challenge.refused }
  return { rand: toHex(challenge.rand), autn: toHex(challenge.autn) }
}

const LONGEST_LINE = 1_000

/** Rejects if the folder cannot contain a socket: its path is too long, or its file system does not support sockets. */
export const openNetworkSocket = async (path: string, network: NetworkAccess): Promise<{ close(): Promise<void> }> => {
  // This process holds the lock of the state folder, so an existing socket belongs to a process that died.
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
  // The rights of the folder may permit other users; the socket does not.
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise(resolve => {
        for (const socket of open) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
