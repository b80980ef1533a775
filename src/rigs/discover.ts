import { isApduError } from '../apdu/errors.ts'
import { BenchError } from '../host/error.ts'
import type { SerialDevice } from '../host/machine/serial-devices.ts'
import { readEid } from '../lpa/card/euicc.ts'
import { withIsdr } from '../lpa/card/isdr.ts'
import { isLpaError } from '../lpa/errors.ts'
import type { Links } from './attach.ts'
import type { Rig } from './rig.ts'

/** Where a card may be, and how a rig file would name it. */
export interface Place {
  /** As this machine calls it now: a reader's name, a port. */
  readonly called: string
  readonly link: Exclude<Rig['link'], 'software'>
  /** A link for the moment of looking, where the lasting one could mean another card. */
  readonly lookAt: Exclude<Rig['link'], 'software'>
}

export interface DiscoveredCard {
  readonly place: Place
  readonly eid: string
  /** What the way says of itself: reader, protocol, modem. */
  readonly facts: readonly string[]
}
export interface PassedOver {
  readonly place: Place
  readonly reason: string
}

/** PC/SC puts running numbers behind a reader's name, and these change. */
const lastingName = (reader: string): string => reader.replace(/(\s+[0-9A-F]{2}){1,2}$/i, '').trim()

/** Readers that hold a card. Of several that are called alike only the EID tells which is meant. */
export const placesOfReaders = (
  readers: readonly { readonly name: string; readonly hasCard: boolean }[],
): readonly Place[] =>
  readers
    .filter(({ hasCard }) => hasCard)
    .map(({ name }) => ({
      called: name,
      link: { pcsc: { reader: lastingName(name) } },
      lookAt: { pcsc: { reader: name } },
    }))

/** Ports of USB devices, named by where they are plugged in: two modems of one make have no other difference that lasts. */
export const placesOfPorts = (devices: readonly SerialDevice[]): readonly Place[] =>
  devices.map(({ path, usb, links }) => ({
    called: path,
    link: { modem: usb ? { usb: `${usb.path}:${usb.interface}` } : { port: links[0] ?? path } },
    lookAt: { modem: { port: path } },
  }))

/** Takes the card at each place for a moment and asks for its EID. One place after another: each may be slow. */
export const discoverCards = async (
  places: readonly Place[],
  links: Links,
  onLook: (place: Place) => void,
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
        const { onLearned: _, ...options } = links.isdrOptionsOf(rig, reached)
        const eid = await reached.card.exclusive(channel => withIsdr(channel, options, readEid))
        // A modem has several ports that reach the same card; the first one is enough.
        const known = cards.find(card => card.eid === eid)
        if (known) passedOver.push({ place, reason: `the same card as at ${known.place.called}` })
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
  /** `known`: a rig file names this card and the way to it; `moved`: it names the card, and another way. */
  readonly kind: 'new' | 'known' | 'moved'
}

const sameLink = (one: Rig['link'], other: Rig['link']): boolean => JSON.stringify(one) === JSON.stringify(other)

/** What rig files should say of the cards that were found. A name that is in use is never given twice. */
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

/** A person's own way of naming the place: part of the reader's name, or the port as it is called. */
const namesPlace = ({ link }: Rig, { called, link: lasting }: Place): boolean => {
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
