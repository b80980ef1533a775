import { imeiOf } from '../../bench/device/mobile-device.ts'
import { BenchError } from '../../host/error.ts'
import { deviceInfoOf } from '../../lpa/card/device-info.ts'
import type { CardWork } from './with-card.ts'

type DeviceInfo = ReturnType<typeof deviceInfoOf>

/** A TAC of the range for test equipment (reporting body 00, TS 23.003 §6), for a device that is a test bench. */
const BENCH_TAC = '00100200'

/**
 * What a server is told of the device: the IMEI that was given, which is read before the card is touched; else the
 * modem, which is the device that it is; else the bench.
 */
export const readDevice = (imei: string | undefined): ((at: CardWork) => DeviceInfo) => {
  try {
    const info = deviceInfoOf(imei ?? BENCH_TAC)
    return ({ device }) => (imei === undefined && device.modem ? deviceInfoOf(imeiOf(device.modem)) : info)
  } catch (cause) {
    throw new BenchError('usage', (cause as Error).message, { cause })
  }
}
