/** A fake bench that implements api-contract.ts with sample events, for tests of the page. */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { Server } from 'socket.io'
import type {
  DeviceAction,
  DeviceState,
  PageToServer,
  RunSummary,
  ScriptCall,
  ServerToPage,
} from '../../src/bench/api-contract.ts'
import { DASHBOARD_CSP } from '../../src/bench/api-contract.ts'
import type { BenchEvent, RigSummary } from '../../src/evidence/events.ts'

export interface SampleBench {
  readonly url: string
  /** Adds a run with its events and notifies the pages. */
  addRun(events: readonly BenchEvent[]): void
  /** Adds events to a run and sends them to the pages that follow it. */
  append(events: readonly BenchEvent[]): void
  setDevice(state: DeviceState): void
  callScript(call: ScriptCall): void
  /** Closes every connection without notice, like a cut cable. */
  cutConnections(): void
  /** Number of events to resend before the requested ones. The page must ignore them. */
  overlap: number
  readonly follows: { runId: string; lastSeq: number }[]
  readonly actions: DeviceAction[]
  readonly started: unknown[]
  close(): Promise<void>
}

export interface SampleBenchOptions {
  readonly folder: string
  readonly rigs: readonly RigSummary[]
  readonly device: DeviceState
  readonly port?: number
  /** Handles POST /api/runs and returns the run ID. */
  onStart?(bench: SampleBench): string
}

export const openSampleBench = async (options: SampleBenchOptions): Promise<SampleBench> => {
  const runs = new Map<string, BenchEvent[]>()
  let device = options.device
  const server = createServer((request, response) => {
    void answer(request, response).catch(error => {
      response.writeHead(500).end(String(error))
    })
  })
  const io = new Server<PageToServer, ServerToPage>(server)
  const following = new Map<string, string>()
  io.on('connection', socket => {
    socket.on('follow', ({ runId, lastSeq }) => {
      bench.follows.push({ runId, lastSeq })
      following.set(socket.id, runId)
      const events = runs.get(runId)?.filter(event => event.seq > lastSeq - bench.overlap) ?? []
      socket.emit('events', { runId, events })
    })
    socket.on('disconnect', () => following.delete(socket.id))
  })

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const send = (body: unknown, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (pathname === '/api/info')
      return send({ version: '0.1.0', home: '.esim-bench', why: 'No rig with hardware is set up.' })
    if (pathname === '/api/rigs') return send(options.rigs)
    if (pathname === '/api/device') return send(device)
    if (pathname === '/api/device/actions') {
      bench.actions.push(JSON.parse(await bodyOf(request)) as DeviceAction)
      return send(device)
    }
    if (pathname === '/api/runs' && request.method === 'POST') {
      bench.started.push(JSON.parse(await bodyOf(request)))
      return options.onStart ? send({ runId: options.onStart(bench) }, 202) : send(BUSY, 409)
    }
    if (pathname === '/api/runs') return send([...runs.values()].map(summaryOf).reverse())
    if (pathname.startsWith('/device/frame/')) {
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': "default-src 'unsafe-inline'" })
      response.end(PORTAL_PAGE)
      return
    }
    const path = join(options.folder, normalize(pathname === '/' ? '/index.html' : pathname))
    const content = await readFile(path).catch(() => null)
    if (content === null) return send({ error: { code: 'not-found', message: `No such page: ${pathname}` } }, 404)
    response.writeHead(200, {
      'content-type': CONTENT_TYPES[extname(path)] ?? 'application/octet-stream',
      'content-security-policy': DASHBOARD_CSP,
    })
    response.end(content)
  }

  await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const bench: SampleBench = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    addRun: events => {
      runs.set(events[0]!.runId, [...events])
      io.emit('runs', [summaryOf(events)])
    },
    append: events => {
      const { runId } = events[0]!
      const known = runs.get(runId)!
      known.push(...events)
      for (const [socket, followed] of following)
        if (followed === runId) io.to(socket).emit('events', { runId, events })
      io.emit('runs', [summaryOf(known)])
    },
    setDevice: state => {
      device = state
      io.emit('device', state)
    },
    callScript: call => {
      io.emit('device-script', call)
    },
    cutConnections: () => {
      for (const socket of io.sockets.sockets.values()) socket.conn.close()
    },
    overlap: 0,
    follows: [],
    actions: [],
    started: [],
    // A browser opens connections without using them. `close` alone would wait for these connections.
    close: async () => {
      const closed = io.close()
      server.closeAllConnections()
      await closed
    },
  }
  return bench
}

const summaryOf = (events: readonly BenchEvent[]): RunSummary => {
  const first = events[0]
  const last = events.at(-1)
  if (first?.kind !== 'run-started' || last === undefined) throw new Error('a run begins with run-started')
  const { name, link, subject } = first.rig
  return {
    runId: first.runId,
    scenario: first.scenario,
    rig: { name, link, subject },
    startedAt: first.at,
    state: last.kind === 'run-ended' ? 'ended' : 'running',
    lastSeq: last.seq,
    ...(last.kind === 'run-ended' && {
      verdict: last.verdict,
      took: last.took,
      apdus: last.apdus,
      summary: last.summary,
      ...(last.cause && { cause: last.cause }),
    }),
  }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

const BUSY = { error: { code: 'rig-busy', message: 'The rig is in use by another run.' } }

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** A portal page with the script of the bench: it sends bridge calls to the app and receives script calls from it. */
const PORTAL_PAGE = `<!doctype html><meta charset="utf-8"><title>Norddata</title>
<style>body{font:15px system-ui;margin:28px;color:#223}button{font:inherit;padding:8px 18px}</style>
<script>
const bridge = (method, args) => parent.postMessage({ esimBench: 'bridge', call: { object: 'MobilePlansInlineOperations', method, arguments: args, operationId: 'op-1' } }, '*')
addEventListener('message', event => { if (event.data.esimBench === 'script') document.getElementById('call').textContent = event.data.call.name })
</script>
<h1>Plan Week</h1><p>5 GB for seven days, 9 EUR. Pay and the profile comes to this device.</p>
<button id="buy" onclick="bridge('notifyProfileDownload', [{}, '1$smdp.test.localhost$A-1042-7F'])">Pay and download</button><p id="call"></p>`
