import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NonVolatileMemory } from '../../../src/euicc/state/memory.ts'
import { openDisk } from '../../../src/host/state/disk.ts'
import { openDurableMemory } from '../../../src/rigs/links/durable-memory.ts'
import { forgetfulDisk, PowerCut } from '../../host/state/forgetful-disk.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const contentsOf = async (memory: NonVolatileMemory): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      memory.names().map(async name => [name, Buffer.from((await memory.read(name))!).toString('latin1')]),
    ),
  )

const changes = fc
  .dictionary(fc.constantFrom('a', 'b', 'profile/1', 'naïve'), fc.option(fc.uint8Array({ maxLength: 60 })), {
    minKeys: 1,
  })
  .map(object => new Map(Object.entries(object)))

describe('openDurableMemory on a disk that loses unsynced data', () => {
  it('a power cut leaves the state before or after the interrupted commit, and later commits work', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(changes, { minLength: 1, maxLength: 5 }),
        fc.nat(40),
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        async (commits, cutAt, seededRandom) => {
          const keep = (): number => seededRandom.next().value as number
          const runtime = forgetfulDisk(new Map(), cutAt, keep)
          const model: Record<string, string>[] = [{}]
          let acknowledged = 0
          try {
            const memory = await openDurableMemory('/card/nvm', runtime.disk)
            for (const commit of commits) {
              const next = { ...model.at(-1)! }
              for (const [name, value] of commit)
                if (value === null) delete next[name]
                else next[name] = Buffer.from(value).toString('latin1')
              model.push(next)
              await memory.commit(commit)
              acknowledged++
            }
          } catch (error) {
            expect(error).toBeInstanceOf(PowerCut)
          }
          const after = forgetfulDisk(runtime.afterCut(), Number.POSITIVE_INFINITY, keep)
          const memory = await openDurableMemory('/card/nvm', after.disk)
          const found = await contentsOf(memory)
          expect([model[acknowledged], model[acknowledged + 1] ?? model[acknowledged]]).toContainEqual(found)
          await memory.commit(new Map([['next', bytes('download')]]))
          expect(await contentsOf(await openDurableMemory('/card/nvm', after.disk))).toEqual({
            ...found,
            next: 'download',
          })
        },
      ),
      { numRuns: 400, seed: 22 },
    )
  })

  it('a power cut at each operation of a compaction loses no values', async () => {
    const large = new Uint8Array(200_000).fill(7)
    for (let cutAt = 0; cutAt < 40; cutAt++) {
      for (const kept of [0, 0.4, 0.9]) {
        const runtime = forgetfulDisk(new Map(), cutAt, () => kept)
        let acknowledged = -1
        try {
          const memory = await openDurableMemory('/card/nvm', runtime.disk)
          for (let round = 0; round < 8; round++) {
            large[0] = round
            await memory.commit(new Map([['large', large]]))
            acknowledged = round
          }
        } catch (error) {
          expect(error).toBeInstanceOf(PowerCut)
        }
        const after = forgetfulDisk(runtime.afterCut(), Number.POSITIVE_INFINITY, () => kept)
        const found = (await (await openDurableMemory('/card/nvm', after.disk)).read('large'))?.[0] ?? -1
        expect([acknowledged, acknowledged + 1]).toContain(found)
      }
    }
  })

  it('the memory rejects commits after a commit with an unknown result', async () => {
    const runtime = forgetfulDisk(new Map(), 3, () => 0)
    const memory = await openDurableMemory('/card/nvm', runtime.disk)
    await expect(memory.commit(new Map([['a', bytes('1')]]))).rejects.toBeInstanceOf(PowerCut)
    await expect(memory.commit(new Map([['a', bytes('2')]]))).rejects.toBeInstanceOf(PowerCut)
    expect(await memory.read('a')).toBeUndefined()
  })
})

describe('openDurableMemory on a real disk', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('the memory stores values, applies commits in order and compacts its journal', async () => {
    const path = join(folder, 'nvm')
    const disk = openDisk()
    const memory = await openDurableMemory(path, disk)
    const large = new Uint8Array(300_000).fill(1)
    await Promise.all(
      Array.from({ length: 12 }, (_, round) =>
        memory.commit(
          new Map<string, Uint8Array | null>([
            ['large', large],
            ['round', Uint8Array.of(round)],
          ]),
        ),
      ),
    )
    await disk.close()
    expect(readFileSync(path).length).toBeLessThan(1_500_000)
    const again = openDisk()
    const reopened = await openDurableMemory(path, again)
    expect(await reopened.read('round')).toEqual(Uint8Array.of(11))
    expect(await reopened.read('large')).toEqual(large)
    await again.close()
  })

  it('openDurableMemory rejects a journal with damage before its end and names the offset', async () => {
    const path = join(folder, 'nvm')
    const disk = openDisk()
    const memory = await openDurableMemory(path, disk)
    await memory.commit(new Map([['a', bytes('first')]]))
    await memory.commit(new Map([['b', bytes('second')]]))
    await disk.close()
    const damaged = readFileSync(path)
    damaged[25]! ^= 1
    writeFileSync(path, damaged)
    await expect(openDurableMemory(path, openDisk())).rejects.toMatchObject({
      code: 'home-damaged',
      data: { offset: 0 },
    })
  })
})
