import { createHash } from 'node:crypto'

const sha256 = (...parts: readonly (string | Uint8Array)[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** hashCc (SGP.22 §3.1.3): SHA-256 over SHA-256 of the code as entered, and the transaction id. */
export const hashConfirmationCode = (code: string, transactionId: Uint8Array): Uint8Array =>
  bindConfirmationCodeHash(sha256(code), transactionId)

/** The same from SHA-256 of the code, which the SM-DP+ stores instead of the code. */
export const bindConfirmationCodeHash = (codeHash: Uint8Array, transactionId: Uint8Array): Uint8Array =>
  sha256(codeHash, transactionId)
