import type { Channel } from '../../apdu/channel.ts'
import { isApduError } from '../../apdu/errors.ts'
import { transceive } from '../../apdu/exchange.ts'
import { fromHex } from '../../asn1/bytes.ts'

/**
 * TS 102 221 §11.1.19: '81' logical channels beyond three, '83' what SGP.22 asks of a device: it has the LUI ('01'),
 * the LPD ('02') and the LDS ('04').
 */
const CAPABILITY = fromHex('a9058100830107')

/**
 * Tells the card that this device has an LPA. There are eUICCs that keep the ISD-R to themselves until they have heard
 * it. A card that does not know the command, or has heard it from the modem before, may refuse; nothing is lost then.
 */
export const tellCapability = async (channel: Channel): Promise<void> => {
  try {
    await transceive(channel, { cla: 0x80, ins: 0xaa, p1: 0, p2: 0, data: CAPABILITY })
  } catch (error) {
    // A modem may keep the basic channel to itself, and has then told for itself. If the card is gone, the next command says so.
    if (!isApduError(error)) throw error
  }
}
