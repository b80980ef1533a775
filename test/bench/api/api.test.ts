import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as send } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { io, type Socket } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Backend } from '../../../src/bench/api/backend.ts'
import type { DeviceState, EventBatch, PageToServer, ServerToPage } from '../../../src/bench/api-contract.ts'
import { createRunBook, type RunBook } from '../../../src/bench/run/run-book.ts'
import { openStore, type Store } from '../../../src/bench/store/store.ts'
import { openPageServer, type PageServer } from '../../../src/cli/run/page-server.ts'
import type { Observation } from '../../../src/evidence/events.ts'
import { BenchError } from '../../../src/host/error.ts'

const DEVICE: DeviceState = {
  runId: null,
  rig: { name: 'software', link: 'software', subject: 'software' },
  screen: { name: 'closed' },
  download: null,
  consent: null,
  leaving: false,
  flyout: null,
  banner: null,
}
const STARTED: Observation = {
  kind: 'run-started',
  scenario: 'activate',
  bench: '0.1.0',
  rig: { name: 'software', link: 'software', subject: 'software', description: 'd', why: 'w' },
  steps: [{ step: 1, name: 'one', from: 'app', to: 'service' }],
}
const ENDED: Observation = { kind: 'run-ended', verdict: 'pass', took: 3, apdus: 0, summary: 'fine' }

let folder: string
let store: Store
let book: RunBook
let backend: Backend
let server: PageServer
let port: number
let reported: unknown[]
const open: { close(): unknown }[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
  mkdirSync(join(folder, 'evidence'))
  mkdirSync(join(folder, 'page'))
  writeFileSync(join(folder, 'page', 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(folder, 'page', 'page.js'), '1')
  store = await openStore(':memory:')
  let id = 0
  book = createRunBook({
    store,
    evidenceFolder: join(folder, 'evidence'),
    clock: () => new Date('2026-11-22T20:00:00Z'),
    stopwatch: () => 0,
    random: length => new Uint8Array(length).fill(++id),
  })
  reported = []
  backend = {
    info: async () => ({ version: '0.1.0', home: '.esim-bench', why: 'because' }),
    rigs: async () => {
      throw new Error('the key is 1234')
    },
    runs: () => book.summaries(),
    eventsAfter: book.eventsAfter,
    async startRun({ rig }) {
      if (rig) throw new BenchError('busy', `${rig} is in use by another run`)
      return { runId: 'x' }
    },
    onEvent: book.onEvent,
    onChange: book.onChange,
    device: {
      state: () => DEVICE,
      act: async action => ({ ...DEVICE, banner: action.action }),
      frame: async request => new Response(`frame ${new URL(request.url).pathname}`),
      onChange: () => () => undefined,
      onScript: () => () => undefined,
    },
  }
  server = await openPageServer(backend, 0, error => reported.push(error), { folder: join(folder, 'page') })
  port = Number(new URL(server.address).port)
  open.push(server)
})
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
}
const ask = (path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = send(
      { host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST', headers },
      response => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
const JSON_TYPE = { 'content-type': 'application/json' }

describe('HTTP API', () => {
  it('The API responds as the contract defines', async () => {
    const run = book.open()
    run.recorder.record(STARTED)
    run.recorder.record(ENDED)
    await run.close()
    expect(JSON.parse((await ask('/api/info')).body)).toEqual({
      version: '0.1.0',
      home: '.esim-bench',
      why: 'because',
    })
    expect(JSON.parse((await ask('/api/runs')).body)).toMatchObject([{ runId: run.runId, state: 'ended', lastSeq: 2 }])
    const events = JSON.parse((await ask(`/api/runs/${run.runId}/events?after=1`)).body)
    expect(events).toMatchObject([{ seq: 2, kind: 'run-ended' }])
    expect(JSON.parse((await ask('/api/device')).body)).toEqual(DEVICE)
    expect((await ask('/api/runs', JSON_TYPE, '{"scenario":"activate"}')).status).toBe(202)
    expect(JSON.parse((await ask('/api/device/actions', JSON_TYPE, '{"action":"open"}')).body).banner).toBe('open')
    expect((await ask('/device/frame/plans?x=1')).body).toBe('frame /device/frame/plans')
  })

  it('The sandboxed frame can load files of the portal, and foreign pages cannot load files of the bench', async () => {
    const policyOf = async (path: string) => (await ask(path)).headers['cross-origin-resource-policy']
    expect(await policyOf('/device/frame/portal.css')).toBe('cross-origin')
    for (const path of ['/', '/page.js', '/api/info', '/api/device']) expect(await policyOf(path)).toBe('same-origin')
  })

  it('Each address without a file returns the page with its content policy', async () => {
    for (const path of ['/', '/runs/abc', '/device'])
      expect(await ask(path)).toMatchObject({
        status: 200,
        body: expect.stringContaining('<title>page'),
        headers: { 'content-security-policy': expect.stringContaining("default-src 'none'") },
      })
    expect((await ask('/page.js')).body).toBe('1')
    expect((await ask('/missing.js')).status).toBe(404)
    expect((await ask('/../evidence/x')).status).not.toBe(500)
  })

  it.each<[string, number, string, Record<string, string>, string?]>([
    ['a foreign host', 421, '/api/info', { host: 'evil.example' }],
    ['a foreign origin', 403, '/api/runs', { ...JSON_TYPE, origin: 'https://evil.example' }, '{}'],
    ['a form', 415, '/api/runs', { 'content-type': 'application/x-www-form-urlencoded' }, 'scenario=activate'],
    ['a POST without a type', 415, '/api/device/actions', {}, '{}'],
    ['half a JSON', 400, '/api/runs', JSON_TYPE, '{"scenario":'],
    ['an unknown scenario', 400, '/api/runs', JSON_TYPE, '{"scenario":"destroy"}'],
    ['an unknown action', 400, '/api/device/actions', JSON_TYPE, '{"action":"explode"}'],
    ['a rig in use', 409, '/api/runs', JSON_TYPE, '{"scenario":"activate","rig":"desk"}'],
    ['an unknown run', 404, '/api/runs/..%2F..%2Fetc%2Fpasswd/events', {}],
    ['a seq that is none', 400, '/api/runs/x/events?after=-1', {}],
    ['an unknown address', 404, '/api/nothing', {}],
    ['a body over the limit', 413, '/api/runs', JSON_TYPE, `"${'x'.repeat(70_000)}"`],
  ])('refuses %s with %i and a code', async (_name, status, path, headers, body) => {
    const answer = await ask(path, headers, body)
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body).error).toMatchObject({ code: expect.any(String), message: expect.any(String) })
  })

  it('A busy rig is answered with 409 rig-busy', async () => {
    const { body } = await ask('/api/runs', JSON_TYPE, '{"scenario":"activate","rig":"desk"}')
    expect(JSON.parse(body)).toEqual({ error: { code: 'rig-busy', message: 'desk is in use by another run' } })
  })

  it('An unexpected error is reported and its text is not sent', async () => {
    const answer = await ask('/api/rigs')
    expect(answer.status).toBe(500)
    expect(answer.body).not.toContain('1234')
    expect(reported).toHaveLength(1)
  })
})

describe('live connection', () => {
  const connect = (headers: Record<string, string> = {}): Socket<ServerToPage, PageToServer> => {
    const socket: Socket<ServerToPage, PageToServer> = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      reconnection: false,
      extraHeaders: headers,
    })
    open.push({ close: () => void socket.disconnect() })
    return socket
  }
  /** Resolves with all events when the event with this seq arrives. */
  const until = (socket: Socket<ServerToPage, PageToServer>, seq: number): Promise<EventBatch[]> =>
    new Promise(resolve => {
      const batches: EventBatch[] = []
      socket.on('events', batch => {
        batches.push(batch)
        if (batch.events.at(-1)!.seq >= seq) resolve(batches)
      })
    })

  it('The page receives stored and live events without gap or repetition', async () => {
    const run = book.open()
    run.recorder.record(STARTED)
    for (let i = 0; i < 1200; i++) run.recorder.record({ kind: 'note', part: 'app', text: `${i}` })
    const socket = connect()
    const all = until(socket, 1206)
    socket.once('events', () => {
      for (let i = 0; i < 4; i++) run.recorder.record({ kind: 'note', part: 'app', text: 'live' })
      run.recorder.record(ENDED)
      void run.close()
    })
    socket.emit('follow', { runId: run.runId, lastSeq: 3 })
    const batches = await all
    expect(batches.flatMap(({ events }) => events.map(({ seq }) => seq))).toEqual(
      Array.from({ length: 1203 }, (_, i) => i + 4),
    )
  })

  it('Each page receives device states and changed runs', async () => {
    const socket = connect()
    expect(await new Promise(resolve => socket.on('device', resolve))).toEqual(DEVICE)
    const changes = new Promise(resolve => socket.on('runs', resolve))
    const run = book.open()
    run.recorder.record(STARTED)
    run.recorder.record(ENDED)
    await run.close()
    expect(await changes).toMatchObject([{ runId: run.runId, state: 'ended' }])
  })

  it('An invalid request of a page does not end the connection', async () => {
    const socket = connect()
    for (const nonsense of [
      null,
      {},
      { runId: '../x', lastSeq: 0 },
      { runId: '20260101T000000000Z-aaaaaa', lastSeq: 0 },
    ])
      socket.emit('follow', nonsense as never)
    const run = book.open()
    run.recorder.record(STARTED)
    const all = until(socket, 1)
    socket.emit('follow', { runId: run.runId, lastSeq: 0 })
    expect(await all).toHaveLength(1)
    await run.close()
  })

  it('A foreign origin cannot connect', async () => {
    const socket = connect({ origin: 'https://evil.example' })
    await new Promise<void>((resolve, reject) => {
      socket.on('connect_error', () => resolve())
      socket.on('connect', () => reject(new Error('connected')))
    })
  })
})

it('The server closes although an idle connection is open', async () => {
  const silent = connect(port, '127.0.0.1')
  const hungUp = new Promise(resolve => silent.on('error', () => undefined).on('close', resolve))
  await new Promise(resolve => silent.once('connect', resolve))
  await ask('/')
  await server.close()
  open.splice(0)
  await hungUp
  // Node itself closes the connection after its headers timeout of 30 s or more.
}, 15_000)

it('Two servers that start together open on different ports', async () => {
  const probe = createServer()
  await new Promise<void>(resolve => void probe.listen(0, '127.0.0.1', resolve))
  const { port: usual } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  const page = () => openPageServer(backend, undefined, error => reported.push(error), { usual })
  const both = await Promise.all([page(), page()])
  open.push(...both)
  const ports = both.map(({ address }) => Number(new URL(address).port))
  expect(new Set(ports).size).toBe(2)
})
