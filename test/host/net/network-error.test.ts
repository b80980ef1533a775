import { expect, it } from 'vitest'
import { describeNetworkError } from '../../../src/host/net/network-error.ts'

const networkError = (code: string): Error => Object.assign(new Error(`raw ${code}`), { code })

it.each([
  ['ENOTFOUND', 'the name server (DNS) does not know its name; check the name'],
  ['ECONNREFUSED', 'no program listens on its port; start the server, or check the port'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not use TLS on this port; check the port'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the TLS handshake failed (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)'],
  ['EADDRNOTAVAIL', 'the system reports EADDRNOTAVAIL'],
])('describeNetworkError translates %s', (code, clause) => {
  expect(describeNetworkError(networkError(code))).toBe(clause)
})

it('describeNetworkError keeps the text of an error without a known code', () => {
  expect(describeNetworkError(new Error('no server named x.example is known here'))).toBe(
    'no server named x.example is known here',
  )
})
