import { getRequestBody } from '../../rsp/buffered-message.ts'
import { RspServerError, refuseMessage } from './error.ts'

/** The longest valid message, an AuthenticateClient with its certificate chain, has about 5 kB. */
const MAX_BODY = 256 * 1024

/** Reads a body; stops after `MAX_BODY` bytes, because a sender can declare a wrong length. Throws RspServerError. */
export const readBody = async (request: Request): Promise<Uint8Array> => {
  const buffered = getRequestBody(request)
  if (buffered === undefined) return await readStream(request)
  if (buffered.length > MAX_BODY) throw refuseMessage('too-long')
  return buffered
}

const readStream = async (request: Request): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    const reader = request.body?.getReader()
    for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
      length += read.value.length
      if (length > MAX_BODY) {
        // The result does not depend on the end of the cancellation, which never comes for a cloned body.
        reader?.cancel().catch(() => {})
        throw refuseMessage('too-long')
      }
      chunks.push(read.value)
    }
  } catch (cause) {
    throw cause instanceof RspServerError ? cause : refuseMessage('bad-json', 'the connection broke off', { cause })
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
