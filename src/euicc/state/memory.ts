/**
 * The card's non-volatile memory: names with values.
 *
 * Contract. `commit` changes all the names it is given or none of them, whatever happens to the power meanwhile;
 * `null` removes a name. Once it has resolved, the change outlives a power cut. When it rejects, the card does not
 * know which of the two it got, and must be restarted to find out. Values are copied in both directions.
 */
export interface NonVolatileMemory {
  read(name: string): Promise<Uint8Array | undefined>
  names(): readonly string[]
  commit(changes: ReadonlyMap<string, Uint8Array | null>): Promise<void>
}

/** Memory that lasts as long as the object: for tests and benchmarks. */
export const createMemory = (contents: ReadonlyMap<string, Uint8Array> = new Map()): NonVolatileMemory => {
  const values = new Map([...contents].map(([name, value]) => [name, value.slice()]))
  return {
    read: async name => values.get(name)?.slice(),
    names: () => [...values.keys()].sort(),
    commit: async changes => {
      for (const [name, value] of changes)
        if (value === null) values.delete(name)
        else values.set(name, value.slice())
    },
  }
}

/** A copy of all that is in `memory`, to compare with or to start another card from. */
export const copyMemory = async (memory: NonVolatileMemory): Promise<Map<string, Uint8Array>> => {
  const copy = new Map<string, Uint8Array>()
  for (const name of memory.names()) copy.set(name, (await memory.read(name))!)
  return copy
}

/**
 * The same memory, whose power fails once: at commit number `commit` (from 0), either `before` it or `after` it took
 * effect. Both look the same to the card. Afterwards the memory works again, as after a restart.
 */
export const cutPower = (
  memory: NonVolatileMemory,
  { commit, when }: { commit: number; when: 'before' | 'after' },
): NonVolatileMemory => {
  let count = 0
  return {
    read: name => memory.read(name),
    names: () => memory.names(),
    commit: async changes => {
      const isHit = count++ === commit
      if (!isHit || when === 'after') await memory.commit(changes)
      if (isHit) throw new Error(`the power failed ${when} commit ${commit}`)
    },
  }
}
