import { createHash } from 'node:crypto'
import type { ES2p } from '../../../rsp/interfaces/es2p.ts'
import type { CallContext } from '../../rsp-server/binding.ts'
import type { FunctionHandlers } from '../../rsp-server/json-binding.ts'
import type { SmdpStore } from '../store.ts'

/** A call with what it is known by when it comes again. */
export interface RepeatableCall extends CallContext {
  readonly key: string
}
/** A function of ES2+ that keeps its answer together with the order that it changes. */
export type RepeatableAnswer<K extends keyof typeof ES2p> = (
  request: Parameters<FunctionHandlers<typeof ES2p>[K]>[0],
  call: RepeatableCall,
) => ReturnType<FunctionHandlers<typeof ES2p>[K]>

/**
 * An operator that heard no answer asks again with the same functionCallIdentifier (SGP.22 §5.2.1); it gets the
 * answer that it would have had, and nothing happens twice. A refusal changed nothing and is found anew.
 *
 * An answer is kept in one step with the order that it is about: the order may have gone on when the call comes again,
 * and may then be another operator's. What is kept is the answer, whatever a second server made of the same call.
 */
export const createRepeatedCalls = (store: SmdpStore) => {
  const underWay = new Map<string, Promise<unknown>>()
  return <Request, Response>(name: string, answer: (request: Request, call: RepeatableCall) => Promise<Response>) =>
    async (request: Request, call: CallContext): Promise<Response> => {
      // The request is part of the key: an identifier that is used for two different calls does not mix them up.
      const text = JSON.stringify([name, call.requester, call.header, request])
      const key = createHash('sha256').update(text).digest('base64')
      const known = await store.findCall(key)
      if (known !== undefined) return known as Response
      const running = underWay.get(key)
      if (running !== undefined) return running as Promise<Response>
      const settle = async (): Promise<Response> => {
        let response: Response
        try {
          response = await answer(request, { ...call, key })
        } catch (error) {
          const kept = await store.findCall(key)
          if (kept !== undefined) return kept as Response
          throw error
        }
        const kept = await store.findCall(key)
        if (kept !== undefined) return kept as Response
        // It found all as it should be.
        await store.addCall(key, response)
        return response
      }
      const work = settle()
      underWay.set(key, work)
      try {
        return await work
      } finally {
        underWay.delete(key)
      }
    }
}
