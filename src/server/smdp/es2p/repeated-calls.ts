import { createHash } from 'node:crypto'
import type { ES2p } from '../../../rsp/interfaces/es2p.ts'
import type { CallContext } from '../../rsp-server/binding.ts'
import type { FunctionHandlers } from '../../rsp-server/json-binding.ts'
import type { SmdpStore } from '../store.ts'

/** A call with the key that identifies its repetitions. */
export interface RepeatableCall extends CallContext {
  readonly key: string
}
/** A function of ES2+ that stores its response together with the changed order. */
export type RepeatableAnswer<K extends keyof typeof ES2p> = (
  request: Parameters<FunctionHandlers<typeof ES2p>[K]>[0],
  call: RepeatableCall,
) => ReturnType<FunctionHandlers<typeof ES2p>[K]>

/**
 * An operator without a response repeats the call with the same functionCallIdentifier (SGP.22 §5.2.1). It gets the
 * stored response, and no effect happens twice. A failed call changed nothing and is executed again.
 * The response is stored together with the order, because the order may have changed before the repetition.
 */
export const createRepeatedCalls = (store: SmdpStore) => {
  const underWay = new Map<string, Promise<unknown>>()
  return <Request, Response>(name: string, answer: (request: Request, call: RepeatableCall) => Promise<Response>) =>
    async (request: Request, call: CallContext): Promise<Response> => {
      // The request is part of the key: two different calls may have the same identifier.
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
        // The call changed no order, so its response is not stored yet.
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
