import { describe, expect, it } from 'vitest'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import { ES12 } from '../../../src/rsp/interfaces/es12.ts'
import { callServer } from '../../../src/server/rsp-server/server-call.ts'

const header = { functionRequesterIdentifier: 'smdp.example.com', functionCallIdentifier: 'call-1' }
const event = { eid: '8'.repeat(32), eventId: 'E-1' }
const progress = {
  iccid: '8988247000102003044F',
  profileType: 'Plan S',
  timestamp: '2026-11-01T12:00:00Z',
  notificationPointId: 4,
  notificationPointStatus: { status: 'Executed-Success' },
}
const headed = (status: string, statusCodeData?: object) =>
  JSON.stringify({ header: { functionExecutionStatus: { status, ...(statusCodeData && { statusCodeData }) } } })
const answering = (answer: () => Response) => ({ url: 'https://smds.example.com:8443', fetch: async () => answer() })
const refusal = { subjectCode: '8.9.5', reasonCode: '3.9' }

describe('a function called at another server', () => {
  it('is a POST of header and message to the path of its row', async () => {
    const heard: [string, string, unknown][] = []
    const fetch = async (request: Request) => {
      heard.push([request.method, request.url, await request.json()])
      return new Response(headed('Executed-Success'))
    }
    const outcome = await callServer({ url: 'https://smds.example.com:8443', fetch }, ES12.DeleteEvent, event, header)
    expect(outcome).toEqual({ done: {} })
    expect(heard).toEqual([['POST', 'https://smds.example.com:8443/gsma/rsp2/es12/deleteEvent', { header, ...event }]])
  })

  it.each<[string, () => Response, object]>([
    ['done with a warning', () => new Response(headed('Executed-WithWarning')), { done: {} }],
    ['refused', () => new Response(headed('Failed', refusal)), { refused: refusal }],
    [
      'refused without a reason',
      () => new Response(headed('Failed')),
      { refused: { subjectCode: '1.6', reasonCode: '4.2' } },
    ],
    ['refused as expired', () => new Response(headed('Expired', refusal)), { refused: refusal }],
    [
      'refused by HTTP with a reason',
      () => new Response(headed('Failed', refusal), { status: 400 }),
      { refused: refusal },
    ],
    ['refused by HTTP alone', () => new Response('no', { status: 401 }), { refused: { subjectCode: '1.6' } }],
    [
      'not answered: the server is not well',
      () => new Response(headed('Executed-Success'), { status: 503 }),
      {
        unanswered: 'HTTP status 503',
      },
    ],
    ['not answered: a page of a proxy', () => new Response('<html>'), { unanswered: expect.any(String) }],
    ['not answered: an empty body', () => new Response(null, { status: 204 }), { unanswered: expect.any(String) }],
    [
      'not answered: a connection that broke',
      () => {
        throw new Error('reset')
      },
      { unanswered: 'reset' },
    ],
  ])('is %s', async (_, answer, expected) => {
    expect(await callServer(answering(answer), ES12.DeleteEvent, event, header)).toMatchObject(expected)
  })

  it.each([
    [204, null],
    [200, ''],
    [200, headed('Executed-Success')],
  ])('is done with %i where no body is expected: %j', async (status, body) => {
    const server = answering(() => new Response(body, { status }))
    expect(await callServer(server, ES2p.HandleDownloadProgressInfo, progress, header)).toEqual({ done: undefined })
  })
})
