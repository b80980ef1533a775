import { optional, sequence, sequenceOf } from '../../asn1/constructed.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { boolean, integer, octets, utf8 } from '../../asn1/primitives.ts'
import { decode, encode } from '../../asn1/schema.ts'
import { ProfileError } from '../error.ts'
import type { InstalledProfile } from '../file-tree.ts'
import type { CardChanges } from './card-files.ts'

/** The stored state of a profile, separate from its package. A private format; its first component is its version. */
const SavedChanges = sequence(
  {
    version: integer(1, 1),
    contents: sequenceOf(sequence({ key: utf8(), content: octets() }), 'contents'),
    pins: sequenceOf(sequence({ key: utf8(), value: octets(8), tries: integer(0, 15), enabled: boolean() }), 'pins'),
    pukTries: sequenceOf(sequence({ reference: integer(0, 255), tries: integer(0, 15) }), 'pukTries'),
    aka: sequenceOf(
      sequence({ key: utf8(), seqs: sequenceOf(integer(0), 'seqs'), authentications: optional(integer(0)) }),
      'aka',
    ),
    lifeCycles: sequenceOf(sequence({ key: utf8(), lifeCycle: integer(0, 255) }), 'lifeCycles'),
  },
  'SavedChanges',
)

/** Encodes the changes for the memory of the card. They contain PINs: keep them as secret as the package. */
export const encodeCardChanges = (changes: CardChanges): Uint8Array =>
  encode(SavedChanges, {
    version: 1,
    contents: [...changes.contents].map(([key, content]) => ({ key, content })),
    pins: [...changes.pins].map(([key, pin]) => ({ key, ...pin })),
    pukTries: [...changes.pukTries].map(([reference, tries]) => ({ reference, tries })),
    aka: [...changes.aka].map(([key, { seqs, authentications }]) => ({ key, seqs, authentications })),
    lifeCycles: [...changes.lifeCycles].map(([key, lifeCycle]) => ({ key, lifeCycle })),
  })

/** Decodes the output of {@link encodeCardChanges} for the same profile. Throws a ProfileError for another profile. */
export const decodeCardChanges = (profile: InstalledProfile, bytes: Uint8Array): CardChanges => {
  try {
    const saved = decode(SavedChanges, bytes)
    for (const { key, content } of saved.contents) {
      const file = profile.files.get(key)
      const fits = file?.structure === 'ber-tlv' ? content.length <= file.size : content.length === file?.size
      if (!fits) throw new ProfileError('bad-state', `the saved content of file ${key} does not fit the profile`)
    }
    for (const { key } of saved.pins)
      if (!profile.pins.has(key)) throw new ProfileError('bad-state', `the profile has no PIN ${key}`)
    return {
      contents: new Map(saved.contents.map(({ key, content }) => [key, content])),
      pins: new Map(saved.pins.map(({ key, value, tries, enabled }) => [key, { value, tries, enabled }])),
      pukTries: new Map(saved.pukTries.map(({ reference, tries }) => [reference, tries])),
      aka: new Map(saved.aka.map(({ key, seqs, authentications = 0 }) => [key, { seqs, authentications }])),
      lifeCycles: new Map(saved.lifeCycles.map(({ key, lifeCycle }) => [key, lifeCycle])),
    }
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    throw new ProfileError('bad-state', `the saved state of the profile is invalid: ${error.message}`, {
      cause: error,
    })
  }
}
