import { describe, expect, it } from 'vitest'
import { createAtApdu, DEADLINES } from '../../../src/modem/at/at-apdu.ts'
import { bytes, hex } from '../../apdu/scripted-channel.ts'
import { askScripted } from './scripted-port.ts'

describe('AT+CGLA', () => {
  // ISO 7816-4 §5.4.1 tables 2 and 3: channels 0 to 3 in two bits, 4 to 19 in the further form.
  it.each([
    ['00', '00'],
    ['01', '00'],
    ['83', '80'],
    ['40', '00'],
    ['C0', '80'],
    ['CF', '80'],
    ['D0', '90'],
  ])('AT+CGLA has the basic channel in its class byte for each class byte: %s', async (cla, sent) => {
    const heard: string[] = []
    const response = await askScripted(
      port => createAtApdu(port, DEADLINES).cgla('7', bytes(`${cla}e2910000`)),
      command => {
        heard.push(command)
        return ['+CGLA: 4,"9000"', 'OK']
      },
    )
    expect(heard).toEqual([`AT+CGLA=7,10,"${sent}E2910000"`])
    expect(hex(response)).toBe('9000')
  })
})
