import { createHash } from 'node:crypto'
import type { Call } from '../rsp-server/http-binding.ts'
import type { SmdpStore } from './store.ts'

/**
 * An operator that heard no answer asks again with the same functionCallIdentifier (SGP.22 §5.2.1); it gets the
 * answer that it would have had, and nothing happens twice. A refusal changed nothing and is found anew.
 */
export const createRepeatedCalls = (store: SmdpStore) => {
  const underWay = new Map<string, Promise<unknown>>()
  return <Request, Response>(name: string, answer: (request: Request, call: Call) => Promise<Response>) =>
    async (request: Request, call: Call): Promise<Response> => {
      // The request is part of the key: an identifier that is used for two different calls does not mix them up.
      const text = JSON.stringify([name, call.requester, call.header, request])
      const key = createHash('sha256').update(text).digest('base64')
      const known = await store.findCall(key)
      if (known !== undefined) return known as Response
      const running = underWay.get(key)
      if (running !== undefined) return running as Promise<Response>
      const work = answer(request, call).then(async response => {
        await store.addCall(key, response)
        return response
      })
      underWay.set(key, work)
      try {
        return await work
      } finally {
        underWay.delete(key)
      }
    }
}
