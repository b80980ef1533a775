const CLAUSES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name server (DNS) does not know its name; check the name',
  EAI_AGAIN: 'the name server (DNS) does not answer; check the network connection',
  ECONNREFUSED: 'no program listens on its port; start the server, or check the port',
  ECONNRESET: 'it closed the connection before the response was complete',
  EPIPE: 'it closed the connection before the response was complete',
  UND_ERR_SOCKET: 'it closed the connection before the response was complete',
  EHOSTUNREACH: 'no route leads to its address; check the network connection',
  ENETUNREACH: 'no route leads to its network; check the network connection',
  ENETDOWN: 'the network interface is down; check the network connection',
  ETIMEDOUT: 'it did not answer in time',
  EPROTO: 'the TLS handshake failed; check that the port is a TLS port',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not use TLS on this port; check the port',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'its response is too long',
}

/** Why a server could not be reached, as a clause behind a colon. Errors without a known code keep their own text. */
export const describeNetworkError = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException
  const clause = CLAUSES[code]
  if (clause !== undefined) return clause
  if (code.startsWith('ERR_SSL_')) return `the TLS handshake failed (${code})`
  return /^E[A-Z]+$/.test(code) ? `the system reports ${code}` : message || code || 'the reason is unknown'
}
