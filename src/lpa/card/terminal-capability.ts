import type { Channel } from '../../apdu/channel.ts'
import { isApduError } from '../../apdu/errors.ts'
import { transceive } from '../../apdu/exchange.ts'
import { fromHex } from '../../asn1/bytes.ts'

/**
 * TS 102 221 §11.1.19: '81' more than three logical channels; '83' the device has LUI ('01'), LPD ('02') and LDS ('04')
 * (SGP.22).
 */
const CAPABILITY = fromHex('a9058100830107')

/**
 * Sends TERMINAL CAPABILITY: some eUICCs do not open the ISD-R before. A card that does not support it or has received
 * it from the modem may reject it, which is ignored.
 */
export const sendTerminalCapability = async (channel: Channel): Promise<void> => {
  try {
    await transceive(channel, { cla: 0x80, ins: 0xaa, p1: 0, p2: 0, data: CAPABILITY })
  } catch (error) {
    // A modem may reserve the basic channel, and sends the command itself. A removed card is detected by the next
    // command.
    if (!isApduError(error)) throw error
  }
}
