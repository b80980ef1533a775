import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '../../asn1/bytes.ts'
import type { Protocol } from '../../euicc/es10/response.ts'
import type { SoftwareEuicc } from '../../euicc/euicc.ts'
import { BenchError } from '../../host/error.ts'
import { type CurveOption, readCertificates, writeWhole } from '../../host/pki/card-pki.ts'
import { startTimeOf, takeLock } from '../../host/state/lock.ts'
import type { Pki } from '../../rsp/certificates/pki-folder.ts'
import { writePkiFolder } from '../../rsp/certificates/pki-folder.ts'
import { completeEid, issueEuicc } from '../../rsp/certificates/test-pki.ts'
import { openSoftwareCard } from '../links/software-card.ts'

/*
 * Each named card has a folder:
 *
 *     cards/plugged/NAME/lock          the process that uses it
 *                       /nist          the certificates from its creation
 *                       /memory-…      the non-volatile memory
 *
 * Each named card has a lock, so it can be emulated while a bench runs in the same state folder and uses it.
 */
export interface NamedCards {
  readonly folder: string
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly onFault?: (fault: unknown) => void
}

export interface NamedCard {
  readonly name: string
  readonly eid: string
  readonly card: SoftwareEuicc
  close(): Promise<void>
}

export interface CardNote {
  readonly name: string
  /** Null if the certificates cannot be read. */
  readonly eid: string | null
  readonly curve: CurveOption
  /** The ID of the process that emulates it. */
  readonly inUseBy: number | null
}

const CURVES: readonly CurveOption[] = ['nist', 'brainpool']
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/

const checkName = (name: string): void => {
  if (!NAME.test(name))
    throw new BenchError(
      'usage',
      `${JSON.stringify(name)} is not a valid name for a card. Use lower-case letters, digits and hyphens.`,
    )
}

const findCurve = (folder: string): CurveOption | undefined => CURVES.find(curve => existsSync(join(folder, curve)))

/** Issues a certificate with a new EID under the same EUM. Without the key of the EUM, the given certificate is used. */
const issueIdentity = (pki: Pki, { clock, random }: NamedCards): Pki => {
  const given = pki.euicc.certificate.eid
  if (pki.eum.privateKey === undefined || given === undefined) return pki
  const digits = [...random(22)].map(octet => octet % 10).join('')
  const eid = completeEid(`${given.slice(0, 8)}${digits}`)
  return { ...pki, euicc: issueEuicc(pki.eum, { random, now: clock(), eid }) }
}

/** Reads the certificates of the card, or creates them from `makePki` for a new card. */
const getCertificates = (
  folder: string,
  name: string,
  curve: CurveOption,
  makePki: () => Pki,
  isGiven: boolean,
  cards: NamedCards,
): Pki => {
  const known = findCurve(folder)
  const context = { random: cards.random, now: cards.clock() }
  if (known === undefined) {
    writeWhole(join(folder, curve), writePkiFolder(issueIdentity(makePki(), cards)))
    return readCertificates(join(folder, curve), curve, context)
  }
  if (known !== curve)
    throw new BenchError(
      'certificates',
      `The card ${name} has certificates of --curve ${known}, and the curve of a card cannot change. Give a new card another --name.`,
    )
  const pki = readCertificates(join(folder, known), known, context)
  if (isGiven && !equalBytes(pki.ci.certificate.der, makePki().ci.certificate.der))
    throw new BenchError(
      'certificates',
      `The card ${name} was created with other certificates than those of --certs. Give a new card another --name.`,
    )
  return pki
}

export const openNamedCard = async (
  cards: NamedCards,
  at: {
    readonly name: string
    readonly curve: CurveOption
    readonly protocol: Protocol
    readonly makePki: () => Pki
    /** Whether `makePki` returns certificates of the user, not of the bench. */
    readonly isGiven: boolean
  },
): Promise<NamedCard> => {
  const { name, curve, protocol, makePki, isGiven } = at
  checkName(name)
  const folder = join(cards.folder, name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = takeLock(folder)
  if ('pid' in lock)
    throw new BenchError(
      'card-in-use',
      `The card ${name} is in use. The process ${lock.pid} emulates it. End that process, or give another --name.`,
      { data: { pid: lock.pid } },
    )
  try {
    const pki = getCertificates(folder, name, curve, makePki, isGiven, cards)
    const { clock, random, onFault } = cards
    const card = await openSoftwareCard(folder, 'memory', {
      pki,
      clock,
      random,
      protocol,
      ...(onFault ? { onFault } : {}),
    })
    return {
      name,
      eid: pki.euicc.certificate.eid ?? '',
      card,
      async close() {
        await card.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

const findHolder = (folder: string): number | null => {
  try {
    const { pid, started } = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')) as { pid: number; started: string }
    return startTimeOf(pid) === started ? pid : null
  } catch {
    return null
  }
}

export const listNamedCards = (cards: NamedCards): CardNote[] => {
  if (!existsSync(cards.folder)) return []
  return readdirSync(cards.folder)
    .filter(name => NAME.test(name))
    .sort()
    .flatMap(name => {
      const folder = join(cards.folder, name)
      const curve = findCurve(folder)
      if (curve === undefined) return []
      return [{ name, eid: readEid(join(folder, curve), curve, cards), curve, inUseBy: findHolder(folder) }]
    })
}

/** Null for a damaged card: it is listed too, because it can only be removed by its name. */
const readEid = (folder: string, curve: CurveOption, { random, clock }: NamedCards): string | null => {
  try {
    return readCertificates(folder, curve, { random, now: clock() }).euicc.certificate.eid ?? null
  } catch (error) {
    if (error instanceof BenchError) return null
    throw error
  }
}

export const removeNamedCard = (cards: NamedCards, name: string): void => {
  checkName(name)
  const folder = join(cards.folder, name)
  if (findCurve(folder) === undefined) {
    const known = listNamedCards(cards).map(card => card.name)
    throw new BenchError(
      'no-such-card',
      `There is no card ${JSON.stringify(name)}. ${known.length > 0 ? `The cards are ${known.join(', ')}.` : 'No named card exists.'}`,
    )
  }
  const lock = takeLock(folder)
  if ('pid' in lock)
    throw new BenchError(
      'card-in-use',
      `The card ${name} is in use. The process ${lock.pid} emulates it. End that process first.`,
      {
        data: { pid: lock.pid },
      },
    )
  rmSync(folder, { recursive: true })
}
