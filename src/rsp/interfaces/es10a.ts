import { optional, sequence } from '../../asn1/constructed.ts'
import { namedInteger, utf8 } from '../../asn1/primitives.ts'
import { tagged } from '../../asn1/schema.ts'
import { es10Function } from './es10-function.ts'

/** EuiccConfiguredAddressesResponse ::= [60] SEQUENCE { defaultDpAddress OPTIONAL, rootDsAddress } */
const EuiccConfiguredAddressesResponse = sequence(
  { defaultDpAddress: optional(tagged(0x80, utf8())), rootDsAddress: tagged(0x81, utf8()) },
  'EuiccConfiguredAddressesResponse',
)

/** SGP.22 §5.7.3 and §5.7.4: the server addresses that the card stores. */
export const ES10a = {
  GetEuiccConfiguredAddresses: es10Function({
    interface: 'ES10a',
    name: 'GetEuiccConfiguredAddresses',
    clause: '5.7.3',
    request: tagged(0xbf3c, sequence({}, 'EuiccConfiguredAddressesRequest')),
    response: tagged(0xbf3c, EuiccConfiguredAddressesResponse),
  }),
  SetDefaultDpAddress: es10Function({
    interface: 'ES10a',
    name: 'SetDefaultDpAddress',
    clause: '5.7.4',
    request: tagged(0xbf3f, sequence({ defaultDpAddress: tagged(0x80, utf8()) }, 'SetDefaultDpAddressRequest')),
    response: tagged(
      0xbf3f,
      sequence(
        { setDefaultDpAddressResult: tagged(0x80, namedInteger({ ok: 0, undefinedError: 127 })) },
        'SetDefaultDpAddressResponse',
      ),
    ),
  }),
} as const
