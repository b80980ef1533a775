import type { z } from 'zod'
import { flag } from '../command-line.ts'
import { json, port, profilePackage, RigOptions } from '../options.ts'

export const RunOptions = RigOptions.extend({ profile: profilePackage(), json: json() })
export const StartOptions = RigOptions.extend({
  profile: profilePackage(),
  port: port(),
  once: flag('--once', 'exit after the run, with the exit code of its verdict'),
})
export const ServeOptions = RigOptions.omit({ record: true, redact: true }).extend({ port: port() })

export type RunOptions = z.output<typeof RunOptions>
export type StartOptions = z.output<typeof StartOptions>
export type ServeOptions = z.output<typeof ServeOptions>
