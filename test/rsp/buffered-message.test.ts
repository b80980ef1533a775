import { describe, expect, it } from 'vitest'
import {
  createBufferedRequest,
  createBufferedResponse,
  getRequestBody,
  getRequestHeader,
  getRequestPath,
  getResponseParts,
} from '../../src/rsp/buffered-message.ts'

const headers: Record<string, string> = { 'content-type': 'application/json' }
const createRequest = (url = 'https://smdp.example/a/b') =>
  createBufferedRequest({
    method: 'POST',
    url,
    getHeader: name => headers[name],
    listHeaders: () => Object.entries(headers),
    body: new TextEncoder().encode('{"x":1}'),
  })

describe('buffered messages', () => {
  it('a buffered request has the members of a Request', async () => {
    const request = createRequest()
    expect(request).toBeInstanceOf(Request)
    expect([request.method, request.url]).toEqual(['POST', 'https://smdp.example/a/b'])
    expect(request.headers.get('Content-Type')).toBe('application/json')
    expect(await request.clone().json()).toEqual({ x: 1 })
    expect([await request.text(), request.bodyUsed]).toEqual(['{"x":1}', true])
  })

  it('a buffered response has the members of a Response', async () => {
    const response = createBufferedResponse(201, { 'X-Seen': 'so' }, '{}')
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.ok, response.headers.get('x-seen')]).toEqual([201, true, 'so'])
    expect(await response.clone().text()).toBe('{}')
    expect(await response.json()).toEqual({})
    const copy = new Response('other', response)
    expect([copy.status, copy.headers.get('x-seen')]).toEqual([201, 'so'])
  })

  it('the functions for parts read messages of both kinds', () => {
    const request = new Request('https://smdp.example/a?b', { method: 'POST', headers, body: 'x' })
    expect([getRequestBody(request), getRequestHeader(request, 'Content-Type')]).toEqual([
      undefined,
      'application/json',
    ])
    expect(getRequestHeader(createRequest(), 'Content-Type')).toBe('application/json')
    expect(getRequestBody(createRequest())).toHaveLength(7)
    expect(getResponseParts(new Response('x'))).toBeUndefined()
    expect(getResponseParts(createBufferedResponse(204, {}, null))).toEqual({ status: 204, headers: {}, body: null })
  })

  it.each([
    ['https://smdp.example/a/b', '/a/b'],
    ['https://smdp.example/a?b=/c', '/a'],
    ['https://smdp.example:1/a#b', '/a'],
    ['https://smdp.example/', '/'],
  ])('getRequestPath returns the path of %s', (url, path) => {
    expect(getRequestPath(createRequest(url))).toBe(path)
  })
})
