import { RspServerError, refuseMessage } from './error.ts'

/** The longest genuine message, an AuthenticateClient with its chain, has about 5 kB. */
const MAX_BODY = 256 * 1024

export const checkLength = (body: Uint8Array): Uint8Array => {
  if (body.length > MAX_BODY) throw refuseMessage('too-long')
  return body
}

/** Stops reading where a message has become longer than any can be: what is announced is not believed. */
export const readBody = async (request: Request): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    const reader = request.body?.getReader()
    for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
      length += read.value.length
      if (length > MAX_BODY) {
        // How the rest is given up changes nothing for the answer; of a body that is read twice it would never be told.
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
