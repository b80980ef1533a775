import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express'
import { BenchError } from '../../host/error.ts'
import { mountFetch } from '../../host/net/mount-fetch.ts'
import { describeIssue } from '../../host/yaml/issue-sentence.ts'
import type { ApiError } from '../api-contract.ts'
import { DASHBOARD_CSP } from '../api-contract.ts'
import { readSeq } from '../run/run-book.ts'
import type { Backend } from './backend.ts'
import { DeviceActionBody, StartRunBody } from './device-action.ts'
import { isOwnHost, isSameOrigin } from './same-origin.ts'

const STATUS: Readonly<Record<string, number>> = {
  'no-such-run': 404,
  'no-such-rig': 404,
  busy: 409,
  'rig-not-attached': 409,
  'unavailable-action': 409,
}

const refuse = (response: Response, status: number, code: string, message: string): void => {
  response.status(status).json({ error: { code, message } } satisfies ApiError)
}

const describeBody = ({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): string =>
  `the body of the request is invalid: ${path.length === 0 ? '' : `\`${path.map(String).join('.')}\`: `}${message}`

/** Errors of the bench have a sentence. The texts of the body parser depend on the JSON parser of Node. */
const describeRequestError = (error: unknown, isOurs: boolean): string => {
  if (isOurs) return (error as Error).message
  if (error instanceof SyntaxError) return 'the body of the request is not valid JSON'
  return `the request is invalid (${(error as { type?: string }).type ?? 'no reason is known'})`
}

/** The code of an error; the error class of each module has one. */
const getCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Serves the dashboard and its HTTP API. `api-contract.ts` contains the requests and responses. */
export const createHttpApi = (backend: Backend, dashboardFolder: string, report: (error: unknown) => void): Express => {
  const app = express()
  app.disable('x-powered-by')
  app.use((request, response, next) => {
    if (!isOwnHost(request.headers.host))
      return refuse(
        response,
        421,
        'foreign-host',
        'this page is available only on this machine. Open it as localhost or 127.0.0.1. From another machine, use a tunnel.',
      )
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Referrer-Policy', 'no-referrer')
    // The sandboxed frame of the portal has an opaque origin: its styles and scripts are cross-origin to it.
    const isFrame = request.path.startsWith('/device/frame/')
    response.setHeader('Cross-Origin-Resource-Policy', isFrame ? 'cross-origin' : 'same-origin')
    next()
  })
  app.use('/api', (request, response, next) => {
    response.setHeader('Cache-Control', 'no-store')
    if (request.method === 'GET') return next()
    if (!isSameOrigin(request))
      return refuse(response, 403, 'foreign-origin', 'only the page of this bench may send this request')
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      return refuse(response, 415, 'not-json', 'the request must have the header `content-type: application/json`')
    next()
  })
  app.use('/api', express.json({ limit: '64kb', strict: true }))

  app.get('/api/info', async (_request, response) => void response.json(await backend.info()))
  app.get('/api/rigs', async (_request, response) => void response.json(await backend.rigs()))
  app.get('/api/runs', async (_request, response) => void response.json(await backend.runs()))
  app.get('/api/runs/:runId/events', (request: Request<{ runId: string }>, response) => {
    response.json(backend.eventsAfter(request.params.runId, readSeq(request.query.after)))
  })
  app.post('/api/runs', async (request, response) => {
    const body = StartRunBody.safeParse(request.body, { error: describeIssue })
    if (!body.success) return refuse(response, 400, 'bad-request', describeBody(body.error.issues[0]!))
    const { scenario, rig } = body.data
    response.status(202).json(await backend.startRun({ scenario, ...(rig === undefined ? {} : { rig }) }))
  })
  app.get('/api/device', (_request, response) => void response.json(backend.device.state()))
  app.post('/api/device/actions', async (request, response) => {
    const body = DeviceActionBody.safeParse(request.body)
    if (!body.success) return refuse(response, 400, 'bad-request', 'not an action of a device')
    response.json(await backend.device.act(body.data))
  })
  app.use('/api', (_request, response) => refuse(response, 404, 'no-such-thing', 'there is nothing at this address'))

  app.use('/device/frame', mountFetch(backend.device.frame, { report }))
  app.use((_request, response, next) => {
    response.setHeader('Content-Security-Policy', DASHBOARD_CSP)
    next()
  })
  app.use(express.static(dashboardFolder, { index: 'index.html' }))
  // The page reads its route from the path.
  app.get(/^\/[^.]*$/, (_request, response) => response.sendFile('index.html', { root: dashboardFolder }))
  app.use(
    (_request, response) => void response.status(404).type('text/plain').send('there is nothing at this address\n'),
  )

  const onError: ErrorRequestHandler = (error, _request, response, _next) => {
    const code = getCode(error) ?? 'failed'
    const isOurs = error instanceof BenchError || code in STATUS
    const status = isOurs ? (STATUS[code] ?? 400) : error instanceof SyntaxError ? 400 : Number(error?.status) || 500
    if (status >= 500) report(error)
    if (response.headersSent) return void response.destroy()
    const message =
      status >= 500 ? 'the bench failed; its log contains the reason' : describeRequestError(error, isOurs)
    refuse(response, status, status >= 500 ? 'failed' : code === 'busy' ? 'rig-busy' : code, message)
  }
  app.use(onError)
  return app
}
