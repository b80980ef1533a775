import { loadSerialPort } from './serial-port.ts'

/** A serial port of this machine, and of which USB device, where it is one. */
export interface SerialPortInfo {
  readonly path: string
  readonly manufacturer?: string
  readonly serialNumber?: string
  readonly vendorId?: string
  readonly productId?: string
}

/** Every serial port, by path. Rejects with a ModemError `no-serialport` where npm `serialport` does not load. */
export const listPorts = async (): Promise<SerialPortInfo[]> => {
  const { SerialPort } = await loadSerialPort()
  const ports = await SerialPort.list()
  return ports
    .map(({ path, manufacturer, serialNumber, vendorId, productId }) => ({
      path,
      ...(manufacturer ? { manufacturer } : {}),
      ...(serialNumber ? { serialNumber } : {}),
      ...(vendorId ? { vendorId } : {}),
      ...(productId ? { productId } : {}),
    }))
    .sort((one, other) => (one.path < other.path ? -1 : 1))
}
