/**
 * The GSM default alphabet (TS 23.038 §6.2.1), one byte for each character. The extension after the escape 1B is not
 * supported; names on cards do not use it.
 */
const ALPHABET =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ' +
  ' !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmnopqrstuvwxyzäöñüà'

const UCS2 = 0x80

/** Encodes text as on cards (TS 102 221 annex A): in the default alphabet, otherwise in UCS2 after '80'. */
export const packText = (text: string): Uint8Array => {
  const codes = [...text].map(character => ALPHABET.indexOf(character))
  if (codes.every(code => code >= 0)) return Uint8Array.from(codes)
  const out = new Uint8Array(1 + 2 * text.length)
  out[0] = UCS2
  for (let i = 0; i < text.length; i++) {
    out[1 + 2 * i] = text.charCodeAt(i) >> 8
    out[2 + 2 * i] = text.charCodeAt(i) & 0xff
  }
  return out
}

/** Decodes text up to the padding with 'FF'. The codings '81' and '82' of TS 102 221 annex A are not supported. */
export const unpackText = (bytes: Uint8Array): string => {
  let text = ''
  if (bytes[0] === UCS2) {
    for (let i = 1; i + 1 < bytes.length && !(bytes[i] === 0xff && bytes[i + 1] === 0xff); i += 2)
      text += String.fromCharCode((bytes[i]! << 8) | bytes[i + 1]!)
    return text
  }
  for (const octet of bytes) {
    if (octet === 0xff) break
    text += ALPHABET[octet] ?? ''
  }
  return text
}
