import { functionRefused, type Isdr } from '../../../src/lpa/card/isdr.ts'
import { ES10bExtension } from './row.ts'

/** Allows immediate enabling and sets the SM-DP+ that the device contacts first. */
export const allowImmediateEnabling = async (isdr: Isdr, defaultSmdpAddress: string): Promise<void> => {
  const row = ES10bExtension.ConfigureImmediateProfileEnabling
  const response = await isdr.call(row, { immediateEnableFlag: null, defaultSmdpAddress })
  const result = response.configImmediateEnableResult
  if (result !== 'ok') throw functionRefused(row, result)
}
