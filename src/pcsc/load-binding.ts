import type { Binding, BindingName } from './binding.ts'
import { PcscError } from './errors.ts'
import { bindPcsclite } from './pcsclite-binding.ts'
import { bindSmartcard } from './smartcard-binding.ts'

export type Load = (specifier: string) => Promise<unknown>

const BIND_PACKAGE: Readonly<Record<BindingName, (native: unknown) => Binding>> = {
  smartcard: bindSmartcard,
  pcsclite: bindPcsclite,
}

/** Imported on first use: a computer without libpcsclite has neither package. */
const importPackage: Load = specifier => import(specifier)

/** Returns the requested binding, else the first of the two that loads. `instead` is set if it is the second. */
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
    const binding = BIND_PACKAGE[name](native)
    if (failures.length === 0) return binding
    return { ...binding, instead: `the npm package ${names[0]} does not load; ${name} is used instead` }
  }
  throw new PcscError(
    'no-binding',
    `no PC/SC reader can be used: the npm package ${names.join(' or ')} does not load. ` +
      'Install libpcsclite-dev and a C++ compiler (Debian: apt install pcscd libpcsclite-dev build-essential), then run npm rebuild or npm ci',
    { cause: new AggregateError(failures) },
  )
}
