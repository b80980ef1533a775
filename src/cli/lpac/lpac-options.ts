import type { z } from 'zod'
import { flag } from '../command-line.ts'
import { ca, connectTo, RigOptions } from '../options.ts'

export const LpacOptions = RigOptions.extend({
  http: flag('--http', 'send the HTTP requests of lpac through the bench, which trusts the CI list of the card'),
  connectTo: connectTo(),
  ca: ca(),
})
export type LpacOptions = z.output<typeof LpacOptions>
