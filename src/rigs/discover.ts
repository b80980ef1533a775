import { isApduError } from '../apdu/errors.ts'
import { BenchError } from '../host/error.ts'
import type { SerialDevice } from '../host/machine/serial-devices.ts'
import { readEid } from '../lpa/card/euicc.ts'
import { withIsdr } from '../lpa/card/isdr.ts'
import { isLpaError } from '../lpa/errors.ts'
import type { Links } from './attach.ts'
import type { Rig } from './rig.ts'

/** A reader or port that may have a card, and its link in a rig file. */
export interface CardLocation {
  /** The current name: of a reader or a port. */
  readonly called: string
  readonly link: Exclude<Rig['link'], 'software'>
  /** The link for discovery: the permanent one may match another card. */
  readonly lookAt: Exclude<Rig['link'], 'software'>
}

export interface DiscoveredCard {
  readonly place: CardLocation
  readonly eid: string
  /** Facts of the transport: reader, protocol, modem. */
  readonly facts: readonly string[]
}
export interface PassedOver {
  readonly place: CardLocation
  readonly reason: string
}

/** PC/SC appends numbers to the name of a reader, and they change. */
const lastingName = (reader: string): string => reader.replace(/(\s+[0-9A-F]{2}){1,2}$/i, '').trim()

/** Readers with a card. Only the EID distinguishes readers of the same model. */
export const placesOfReaders = (
  readers: readonly { readonly name: string; readonly hasCard: boolean }[],
): readonly CardLocation[] =>
  readers
    .filter(({ hasCard }) => hasCard)
    .map(({ name }) => ({
      called: name,
      link: { pcsc: { reader: lastingName(name) } },
      lookAt: { pcsc: { reader: name } },
    }))

/** Ports by USB path, which is the only permanent difference between modems of the same model. */
export const placesOfPorts = (devices: readonly SerialDevice[]): readonly CardLocation[] =>
  devices.map(({ path, usb, links }) => ({
    called: path,
    link: { modem: usb ? { usb: `${usb.path}:${usb.interface}` } : { port: links[0] ?? path } },
    lookAt: { modem: { port: path } },
  }))

/** Opens the card at each location and reads its EID, one location after another. */
export const discoverCards = async (
  places: readonly CardLocation[],
  links: Links,
  onLook: (place: CardLocation) => void,
): Promise<{ readonly cards: DiscoveredCard[]; readonly passedOver: PassedOver[] }> => {
  const cards: DiscoveredCard[] = []
  const passedOver: PassedOver[] = []
  for (const place of places) {
    onLook(place)
    const rig: Rig = { name: 'discover', link: place.lookAt }
    const kind = 'pcsc' in place.lookAt ? 'pcsc' : 'modem'
    try {
      const reached = await links[kind].open(rig)
      try {
        await reached.prepare?.(reached.card)
        const { onLearned: _, ...options } = links.isdrOptionsOf(rig, reached)
        const eid = await reached.card.exclusive(channel => withIsdr(channel, options, readEid))
        // Several ports of a modem reach the same card. The first one is used.
        const known = cards.find(card => card.eid === eid)
        if (known) passedOver.push({ place, reason: `it has the same card as ${known.place.called}` })
        else cards.push({ place, eid, facts: reached.facts ?? [] })
      } finally {
        await reached.card.close()
      }
    } catch (error) {
      if (!(error instanceof BenchError || isApduError(error) || isLpaError(error))) throw error
      passedOver.push({ place, reason: error.message.replace(/^the rig discover is not attached: /, '') })
    }
  }
  return { cards, passedOver }
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-$/, '')

export interface Proposal {
  readonly rig: Rig
  /** `known`: a rig file contains this card and its link; `moved`: it contains the card with another link. */
  readonly kind: 'new' | 'known' | 'moved'
}

const sameLink = (one: Rig['link'], other: Rig['link']): boolean => JSON.stringify(one) === JSON.stringify(other)

/** Proposes rigs for the discovered cards, with unused names. */
export const proposeRigs = (cards: readonly DiscoveredCard[], rigs: readonly Rig[]): Proposal[] => {
  const names = new Set(rigs.map(({ name }) => name))
  const freeName = (wanted: string): string => {
    let name = wanted
    for (let number = 2; names.has(name); number++) name = `${wanted}-${number}`
    names.add(name)
    return name
  }
  const isAmbiguous = ({ place }: DiscoveredCard): boolean =>
    cards.filter(other => sameLink(other.place.link, place.link)).length > 1
  return cards.map(card => {
    const link = isAmbiguous(card) ? { pcsc: { eid: card.eid } } : card.place.link
    const known = rigs.find(rig => rig.card?.eid === card.eid || eidOfLink(rig) === card.eid)
    if (known) {
      const reaches = eidOfLink(known) === card.eid || sameLink(known.link, link) || namesPlace(known, card.place)
      return reaches ? { kind: 'known', rig: known } : { kind: 'moved', rig: { ...known, link } }
    }
    const description = [card.place.called, ...card.facts].join('; ')
    const name = freeName(slug('pcsc' in card.place.link ? lastingName(card.place.called) : card.place.called) || 'rig')
    return { kind: 'new', rig: { name, description, link, card: { eid: card.eid } } }
  })
}

const eidOfLink = ({ link }: Rig): string | undefined =>
  link !== 'software' && 'pcsc' in link ? link.pcsc.eid : undefined

/** Whether the rig names the location in another form: a part of the reader name, or the current port. */
const namesPlace = ({ link }: Rig, { called, link: lasting }: CardLocation): boolean => {
  if (link === 'software') return false
  if ('pcsc' in link && 'pcsc' in lasting) {
    const { reader } = link.pcsc
    return reader !== undefined && called.toLowerCase().includes(reader.toLowerCase().replaceAll('*', ''))
  }
  if ('modem' in link && 'modem' in lasting)
    return (
      link.modem.port === called ||
      (link.modem.usb !== undefined && lasting.modem.usb?.startsWith(link.modem.usb) === true)
    )
  return false
}
