import { imeiOf } from '../../bench/device/mobile-device.ts'
import { BenchError } from '../../host/error.ts'
import { toDeviceInfo } from '../../lpa/card/device-info.ts'
import type { CardWork } from './with-card.ts'

type DeviceInfo = ReturnType<typeof toDeviceInfo>

/** The TAC of the bench, from the range for test equipment (reporting body 00, TS 23.003 §6). */
const BENCH_TAC = '00100200'

/**
 * Checks `imei` immediately, and returns a function that selects the device of the request: this IMEI, else that of
 * the modem of the rig, else the TAC of the bench.
 */
export const prepareDeviceInfo = (imei: string | undefined): ((at: CardWork) => DeviceInfo) => {
  try {
    const info = toDeviceInfo(imei ?? BENCH_TAC)
    return ({ device }) => (imei === undefined && device.modem ? toDeviceInfo(imeiOf(device.modem)) : info)
  } catch (cause) {
    throw new BenchError('usage', (cause as Error).message, { cause })
  }
}
