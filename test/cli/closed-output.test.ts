import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BenchProgram, compileBench } from './bench-process.ts'
import { createCliFixture } from './runtime.ts'

describe('a bench with a closed output', { timeout: 60_000 }, () => {
  let bench: BenchProgram
  const place = createCliFixture()
  beforeAll(async () => {
    bench = await compileBench()
  }, 60_000)
  afterAll(() => {
    bench.remove()
    place.remove()
  })

  it('a run with a closed output ends its teardown and its evidence', async () => {
    const environment = { ESIM_BENCH_HOME: place.home }
    const ended = await bench.run(['run', 'activate'], { folder: place.folder, environment, until: /✓ 4/ })
    expect(ended.exitCode).toBe(1)
    const [file] = readdirSync(join(place.home, 'evidence'))
    const events = readFileSync(join(place.home, 'evidence', file!), 'utf8')
      .trimEnd()
      .split('\n')
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ kind: 'run-ended', verdict: 'blocked' })
  })
  const full = existsSync('/dev/full')
  it.skipIf(!full)(
    `a result that cannot be written is reported${full ? '' : ' (skipped: /dev/full does not exist)'}`,
    async () => {
      const stdout = openSync('/dev/full', 'w')
      try {
        const environment = { ESIM_BENCH_HOME: place.home }
        const ended = await bench.run(['card', 'list', '--json'], { folder: place.folder, environment, stdout })
        expect(ended).toMatchObject({ exitCode: 1 })
        expect(ended.err).toContain(
          'esim-bench: the output could not be written: no space is left on the disk (write)\n',
        )
      } finally {
        closeSync(stdout)
      }
    },
  )
})
