/**
 * The non-volatile memory: names with values. `commit` is atomic, also if the power fails; `null` removes a name. A
 * resolved commit is durable; after a rejected one the card must restart. Values are copied.
 */
export interface NonVolatileMemory {
  read(name: string): Promise<Uint8Array | undefined>
  names(): readonly string[]
  commit(changes: ReadonlyMap<string, Uint8Array | null>): Promise<void>
}

/** Memory for the lifetime of the object: for tests and benchmarks. */
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

/** A copy of `memory`, to compare or to start another card. */
export const copyMemory = async (memory: NonVolatileMemory): Promise<Map<string, Uint8Array>> => {
  const copy = new Map<string, Uint8Array>()
  for (const name of memory.names()) copy.set(name, (await memory.read(name))!)
  return copy
}

/**
 * A memory that fails once: at commit number `commit` (from 0), `before` or `after` it takes effect. Then it works
 * again, as after a restart.
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
