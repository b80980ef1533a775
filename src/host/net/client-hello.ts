/** The parts of a ClientHello by which a server chooses its certificate. */
export interface ClientHello {
  readonly serverName: string | undefined
  /** `supported_groups`, in the client's order of preference (RFC 8446 §4.2.7). */
  readonly groups: readonly number[]
  /** `trusted_ca_keys` of the type SHA-1 of a CA's key (RFC 6066 §6). SGP.22 §2.6.6: an LPA can name its CIs. */
  readonly trustedKeyIds: readonly string[]
}

/** RFC 8422 §5.1.1, RFC 7027 §2, RFC 8734 §2. */
export const GROUPS = { 'P-256': [23], brainpoolP256r1: [26, 31] } as const

const RECORD_HEADER = 5
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const EXTENSION = { serverName: 0, trustedCaKeys: 3, supportedGroups: 10 } as const

/**
 * Returns the first record if it is complete, `undefined` if more bytes are necessary, `null` if it is not a
 * ClientHello.
 */
export const readClientHello = (received: Buffer): ClientHello | undefined | null => {
  if (received.length === 0) return undefined
  if (received[0] !== HANDSHAKE) return null
  if (received.length < RECORD_HEADER) return undefined
  const end = RECORD_HEADER + received.readUInt16BE(3)
  if (received.length < end) return undefined
  const body = received.subarray(RECORD_HEADER, end)
  if (body[0] !== CLIENT_HELLO) return null
  try {
    return readBody(body)
  } catch (error) {
    // The length exceeds the record, or the ClientHello spans several records, which a list of few groups never needs.
    if (error instanceof RangeError) return null
    throw error
  }
}

const readBody = (body: Buffer): ClientHello => {
  // Type and length, version, random.
  let at = 4 + 2 + 32
  at += 1 + body.readUInt8(at)
  at += 2 + body.readUInt16BE(at)
  at += 1 + body.readUInt8(at)
  const hello = { serverName: undefined as string | undefined, groups: [] as number[], trustedKeyIds: [] as string[] }
  if (at >= body.length) return hello
  at += 2
  while (at + 4 <= body.length) {
    const type = body.readUInt16BE(at)
    const length = body.readUInt16BE(at + 2)
    const content = body.subarray(at + 4, at + 4 + length)
    at += 4 + length
    if (type === EXTENSION.supportedGroups)
      for (let i = 2; i + 1 < content.length; i += 2) hello.groups.push(content.readUInt16BE(i))
    else if (type === EXTENSION.serverName && content.length > 5)
      hello.serverName = content.toString('latin1', 5, 5 + content.readUInt16BE(3))
    else if (type === EXTENSION.trustedCaKeys) hello.trustedKeyIds.push(...readTrustedKeys(content))
  }
  return hello
}

/** TrustedAuthority: pre_agreed(0), key_sha1_hash(1), x509_name(2), cert_sha1_hash(3). */
const readTrustedKeys = (content: Buffer): string[] => {
  const found: string[] = []
  for (let at = 2; at < content.length; ) {
    const type = content.readUInt8(at)
    at += 1
    if (type === 1) found.push(content.toString('hex', at, at + 20))
    if (type === 1 || type === 3) at += 20
    else if (type === 2) at += 2 + content.readUInt16BE(at)
  }
  return found
}
