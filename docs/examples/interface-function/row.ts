import { optional, sequence } from '../../../src/asn1/constructed.ts'
import { namedInteger, nothing, oid, utf8 } from '../../../src/asn1/primitives.ts'
import { tagged } from '../../../src/asn1/schema.ts'
import { es10Function } from '../../../src/rsp/interfaces/es10-function.ts'

/** SGP.32 §5.9.17: the device may enable the next profile without an eIM. */
export const ES10bExtension = {
  ConfigureImmediateProfileEnabling: es10Function({
    interface: 'ES10b',
    name: 'ConfigureImmediateProfileEnabling',
    clause: '5.9.17',
    request: tagged(
      0xbf59,
      sequence(
        {
          immediateEnableFlag: optional(tagged(0x80, nothing())),
          defaultSmdpOid: optional(tagged(0x81, oid())),
          defaultSmdpAddress: optional(tagged(0x82, utf8())),
        },
        'ConfigureImmediateProfileEnablingRequest',
      ),
    ),
    response: tagged(
      0xbf59,
      sequence(
        {
          configImmediateEnableResult: tagged(
            0x80,
            namedInteger({ ok: 0, insufficientMemory: 1, associatedEimAlreadyExists: 2, undefinedError: 127 }),
          ),
        },
        'ConfigureImmediateProfileEnablingResponse',
      ),
    ),
  }),
} as const
