import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../../asn1/bytes.ts'
import type { Protocol } from '../../euicc/es10/response.ts'
import { createEuicc, type SoftwareEuicc } from '../../euicc/euicc.ts'
import { createDefaultIdentity, type EuiccIdentity } from '../../euicc/state/identity.ts'
import type { NonVolatileMemory } from '../../euicc/state/memory.ts'
import { BenchError } from '../../host/error.ts'
import { openDisk } from '../../host/state/disk.ts'
import type { Pki } from '../../rsp/certificates/pki-folder.ts'
import { ROOT_DS_ADDRESS } from '../../rsp/identifiers.ts'
import { openDurableMemory } from './durable-memory.ts'

/** The identity of the card with the certificates of a test PKI. */
const identityOf = (pki: Pki): EuiccIdentity => {
  if (!pki.euicc.certificate.eid)
    throw new BenchError('certificates', 'The eUICC certificate contains no EID. Use a certificate of the SGP.26 form.')
  return createDefaultIdentity([pki], { rootDsAddress: ROOT_DS_ADDRESS, defaultDpAddress: undefined })
}

export interface CardSettings {
  readonly pki: Pki
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly onFault?: (fault: unknown) => void
  readonly protocol?: Protocol
}

export const createSoftwareCard = (
  { pki, clock, random, onFault, protocol }: CardSettings,
  memory: NonVolatileMemory,
): Promise<SoftwareEuicc> =>
  createEuicc({
    identity: identityOf(pki),
    memory,
    clock,
    random,
    ...(onFault ? { onFault } : {}),
    ...(protocol ? { protocol } : {}),
  })

/** Opens the software eUICC of a rig with its stored state. Each eUICC certificate has its own card and folder. */
export const openSoftwareCard = async (cards: string, rig: string, settings: CardSettings): Promise<SoftwareEuicc> => {
  const fingerprint = createHash('sha256').update(settings.pki.euicc.certificate.der).digest().subarray(0, 6)
  const folder = join(cards, `${rig}-${toHex(fingerprint)}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const disk = openDisk()
  try {
    const card = await createSoftwareCard(settings, await openDurableMemory(join(folder, 'memory'), disk))
    return {
      ...card,
      get atr() {
        return card.atr
      },
      async close() {
        await card.close()
        await disk.close()
      },
    }
  } catch (error) {
    await disk.close()
    throw error
  }
}
