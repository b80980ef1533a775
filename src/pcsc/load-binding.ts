import type { Binding, BindingName } from './binding.ts'
import { PcscError } from './errors.ts'
import { bindPcsclite } from './pcsclite-binding.ts'
import { bindSmartcard } from './smartcard-binding.ts'

export type Load = (specifier: string) => Promise<unknown>

const BIND: Readonly<Record<BindingName, (native: unknown) => Binding>> = {
  smartcard: bindSmartcard,
  pcsclite: bindPcsclite,
}

/** Loaded when first asked for: a machine without libpcsclite has neither package and runs on the software eUICC. */
const importPackage: Load = specifier => import(specifier)

/** The binding asked for, else the first of the two that loads; its `instead` says so where it is the second. */
export const loadBinding = async (asked?: BindingName, load: Load = importPackage): Promise<Binding> => {
  const names: readonly BindingName[] = asked ? [asked] : ['smartcard', 'pcsclite']
  const failures: unknown[] = []
  for (const name of names) {
    let native: unknown
    try {
      const loaded = (await load(name)) as { default?: unknown }
      native = loaded.default ?? loaded
    } catch (error) {
      failures.push(error)
      continue
    }
    const binding = BIND[name](native)
    if (failures.length === 0) return binding
    return { ...binding, instead: `the npm package ${names[0]} does not load, so PC/SC is reached through ${name}` }
  }
  throw new PcscError(
    'no-binding',
    `the npm package ${names.join(' or ')} does not load, so no PC/SC reader can be used; ` +
      'install libpcsclite-dev and a C++ compiler (Debian: apt install pcscd libpcsclite-dev build-essential), then npm rebuild or npm ci',
    { cause: new AggregateError(failures) },
  )
}
