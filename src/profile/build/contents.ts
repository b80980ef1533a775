import { concat } from '../../asn1/bytes.ts'
import { encodeTlv } from '../../asn1/tlv.ts'
import { packNumber, packPlmn } from '../digits.ts'
import { ProfileError } from '../error.ts'
import { packText } from '../gsm-alphabet.ts'

const ascii = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))
const padded = (bytes: Uint8Array, length: number): Uint8Array => {
  if (bytes.length > length) throw new ProfileError('bad-parameter', `${bytes.length} bytes do not fit ${length}`)
  const out = new Uint8Array(length).fill(0xff)
  out.set(bytes)
  return out
}

/** A record of EF.DIR (TS 102 221 §13.1): AID and label of an application. */
export const directoryRecord = (aid: Uint8Array, label: string): Uint8Array =>
  padded(encodeTlv(0x61, encodeTlv(0x4f, aid), encodeTlv(0x50, ascii(label))), 38)

/** EF.UST (TS 31.102 §4.2.8): one bit for each available service. */
export const serviceTable = (services: readonly number[], length: number): Uint8Array => {
  const table = new Uint8Array(length)
  for (const service of services) table[(service - 1) >> 3]! |= 1 << ((service - 1) & 7)
  return table
}

/** EF.SPN (TS 31.102 §4.2.12): the name; displaying it in the home network is optional. */
export const serviceProviderName = (name: string): Uint8Array => padded(concat(Uint8Array.of(0x00), packText(name)), 17)

/** EF.ACC (TS 31.102 §4.2.15): the access class is the last digit of the IMSI (TS 22.011 §4.2). */
export const accessClass = (imsi: string): Uint8Array => {
  const bits = 1 << Number(imsi.at(-1))
  return Uint8Array.of(bits >> 8, bits & 0xff)
}

/** EF.AD (TS 31.102 §4.2.18): normal operation and the length of the MNC. */
export const administrativeData = (mncLength: number): Uint8Array => Uint8Array.of(0, 0, 0, mncLength)

/** A record of EF.ECC (TS 31.102 §4.2.21): the number and category 0, any emergency service. */
export const emergencyCall = (number: string): Uint8Array => concat(padded(packNumber(number), 3), Uint8Array.of(0))

/** A dialing number as in EF.MSISDN (TS 31.102 §4.2.26) after an empty alpha identifier. */
export const dialing = (number: string, length: number): Uint8Array => {
  const digits = number.replace(/^\+/, '')
  const packed = packNumber(digits)
  if (packed.length > 10) throw new ProfileError('bad-parameter', 'the number has more than 20 digits')
  const type = number.startsWith('+') ? 0x91 : 0x81
  const out = new Uint8Array(length).fill(0xff)
  out.set([packed.length + 1, type, ...packed], length - 14)
  return out
}

/** A record of EF.SMSP (TS 31.102 §4.2.27) with only the service center address. */
export const shortMessageParameters = (serviceCenter: string): Uint8Array => {
  const record = new Uint8Array(38).fill(0xff)
  const address = dialing(serviceCenter, 14).subarray(0, 12)
  record[10] = 0xfd
  record.set(address, 23)
  return record
}

/** Access technologies of TS 31.102 §4.2.5 in order of preference: NG-RAN, E-UTRAN, UTRAN, GSM. */
const TECHNOLOGIES = [0x0800, 0x4000, 0x8000, 0x0080]

/** EF.HPLMNwAcT: the home network with each access technology. */
export const homeNetworks = (mcc: string, mnc: string): Uint8Array => {
  const plmn = packPlmn(mcc, mnc)
  return concat(...TECHNOLOGIES.map(technology => concat(plmn, Uint8Array.of(technology >> 8, technology & 0xff))))
}
