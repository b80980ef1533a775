import type { Server as HttpServer } from 'node:http'
import { Server, type Socket } from 'socket.io'
import { isRunId } from '../../evidence/evidence-file.ts'
import type { PageToServer, RunSummary, ServerToPage } from '../api-contract.ts'
import type { Backend } from './backend.ts'
import { FollowBody } from './device-action.ts'
import { isSameOrigin } from './same-origin.ts'

/** Ten batches a second look smooth; more only cost time. */
const PACE_MS = 100
const MAX_BATCH = 500

interface Following {
  runId: string
  lastSeq: number
}

/** Sends events, runs and device states to the open pages. */
export const openLive = (server: HttpServer, backend: Backend): { close(): Promise<void> } => {
  const io = new Server<PageToServer, ServerToPage>(server, {
    serveClient: false,
    maxHttpBufferSize: 16 * 1024,
    allowRequest: (request, decide) => decide(null, isSameOrigin(request)),
  })
  const following = new Map<Socket<PageToServer, ServerToPage>, Following>()
  const waiting = new Set<Socket<PageToServer, ServerToPage>>()
  const changed = new Map<string, RunSummary>()
  let timer: NodeJS.Timeout | undefined

  const sendEvents = (socket: Socket<PageToServer, ServerToPage>): void => {
    const place = following.get(socket)
    if (!place) return
    const events = backend.eventsAfter(place.runId, place.lastSeq)
    for (let at = 0; at < events.length; at += MAX_BATCH) {
      const batch = events.slice(at, at + MAX_BATCH)
      socket.emit('events', { runId: place.runId, events: batch })
      place.lastSeq = batch.at(-1)!.seq
    }
  }
  const flush = (): void => {
    timer = undefined
    for (const socket of waiting) sendEvents(socket)
    waiting.clear()
    if (changed.size > 0) io.emit('runs', [...changed.values()])
    changed.clear()
  }
  const soon = (): void => {
    timer ??= setTimeout(flush, PACE_MS)
  }

  io.on('connection', socket => {
    socket.emit('device', backend.device.state())
    socket.on('follow', request => {
      const asked = FollowBody.safeParse(request)
      if (!asked.success || !isRunId(asked.data.runId)) return
      following.set(socket, asked.data)
      try {
        sendEvents(socket)
      } catch {
        // No such run: the page also asks the API, which reports it.
        following.delete(socket)
      }
    })
    socket.on('disconnect', () => {
      following.delete(socket)
      waiting.delete(socket)
    })
  })
  const stop = [
    backend.onEvent(event => {
      for (const [socket, { runId }] of following) if (runId === event.runId) waiting.add(socket)
      if (waiting.size === 0) return
      // The end of a run closes its book, so send the remaining events first.
      if (event.kind === 'run-ended') flush()
      else soon()
    }),
    backend.onChange(run => {
      changed.set(run.runId, run)
      soon()
    }),
    backend.device.onChange(state => void io.emit('device', state)),
    backend.device.onScript(call => void io.emit('device-script', call)),
  ]
  return {
    async close() {
      for (const each of stop) each()
      clearTimeout(timer)
      await io.close()
    },
  }
}
