import { concat } from '../../asn1/bytes.ts'
import { encodeTlv } from '../../asn1/tlv.ts'
import type { Directory, ElementaryFile } from '../file-tree.ts'
import { type CardFiles, findPin, getFileContent, getLifeCycle, getPinState } from './card-files.ts'

/** File descriptor bytes of TS 102 221 table 11.5, shareable. The data coding byte is '21': proprietary, one byte. */
const DESCRIPTORS = { transparent: 0x41, 'linear-fixed': 0x42, cyclic: 0x46, 'ber-tlv': 0x79 }
const DIRECTORY_DESCRIPTOR = 0x78
const DATA_CODING = 0x21
/** Clock stop allowed, no preferred level, supply voltage class A not required (TS 102 221 table 11.6). */
const UICC_CHARACTERISTICS = 0x71

const twoBytes = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)
/** A size in the fewest bytes, at least two (TS 102 221 §11.1.1.4.1). */
const sizeBytes = (size: number): Uint8Array =>
  size > 0xffff ? Uint8Array.of(size >> 16, (size >> 8) & 0xff, size & 0xff) : twoBytes(size)

const accessReference = ({ access }: Directory | ElementaryFile): Uint8Array =>
  encodeTlv(0x8b, twoBytes(access.fid), Uint8Array.of(access.record))

/** PIN status template DO 'C6' (TS 102 221 §9.5.2): one bit for each PIN, then the key references. */
const pinStatus = (card: CardFiles, directory: Directory): Uint8Array => {
  const pins = directory.pinReferences
    .map(reference => ({ reference, pin: findPin(card, directory, reference) }))
    .filter(({ pin }) => pin !== undefined)
  const bits = new Uint8Array(Math.max(1, Math.ceil(pins.length / 8)))
  for (const [i, { pin }] of pins.entries()) if (getPinState(card, pin!).enabled) bits[i >> 3]! |= 0x80 >> (i & 7)
  return encodeTlv(
    0xc6,
    encodeTlv(0x90, bits),
    ...pins.map(({ reference }) => encodeTlv(0x83, Uint8Array.of(reference))),
  )
}

const directoryTemplate = (card: CardFiles, directory: Directory): Uint8Array =>
  encodeTlv(
    0x62,
    encodeTlv(0x82, Uint8Array.of(DIRECTORY_DESCRIPTOR, DATA_CODING)),
    directory.aid === undefined ? encodeTlv(0x83, twoBytes(directory.fid)) : encodeTlv(0x84, directory.aid),
    directory.kind === 'DF' ? new Uint8Array(0) : encodeTlv(0xa5, encodeTlv(0x80, Uint8Array.of(UICC_CHARACTERISTICS))),
    encodeTlv(0x8a, Uint8Array.of(getLifeCycle(card, directory))),
    accessReference(directory),
    pinStatus(card, directory),
  )

const fileTemplate = (card: CardFiles, file: ElementaryFile): Uint8Array => {
  const descriptor = Uint8Array.of(DESCRIPTORS[file.structure], DATA_CODING)
  const records =
    file.recordLength === 0
      ? new Uint8Array(0)
      : Uint8Array.of(0, file.recordLength, Math.floor(file.size / file.recordLength))
  const isBerTlv = file.structure === 'ber-tlv'
  return encodeTlv(
    0x62,
    encodeTlv(0x82, concat(descriptor, records)),
    encodeTlv(0x83, twoBytes(file.fid)),
    isBerTlv ? encodeTlv(0xa5, encodeTlv(0x86, sizeBytes(file.size))) : new Uint8Array(0),
    encodeTlv(0x8a, Uint8Array.of(getLifeCycle(card, file))),
    accessReference(file),
    encodeTlv(0x80, sizeBytes(isBerTlv ? getFileContent(card, file).length : file.size)),
    // An empty value means no SFI; an absent DO means an SFI from the FID.
    encodeTlv(0x88, file.sfi === undefined ? new Uint8Array(0) : Uint8Array.of(file.sfi << 3)),
  )
}

/** FCP template (TS 102 221 §11.1.1.3). */
export const toFcpTemplate = (card: CardFiles, file: Directory | ElementaryFile): Uint8Array =>
  file.kind === 'EF' ? fileTemplate(card, file) : directoryTemplate(card, file)
