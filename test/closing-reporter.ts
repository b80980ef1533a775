import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

/** The outermost name that carries the reason: the suite that was skipped, or the test itself. */
const nameOf = (test: TestCase): string => {
  let name = test.name
  for (let parent: TestSuite | TestModule = test.parent; parent.type === 'suite'; parent = parent.parent)
    if (parent.options.mode === 'skip') name = parent.name
  return name
}

/** Says at the end what was not tested and why, which the default reporter keeps to itself, and closes with the counts. */
export const closingReporter = (print: (line: string) => void): Reporter => ({
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const skipped = new Map<string, number>()
    for (const module of modules) {
      // A file that could not be read has no tests to count, and is no success.
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state]++
        if (state !== 'skipped') continue
        const name = `${module.relativeModuleId}: ${nameOf(test)}`
        skipped.set(name, (skipped.get(name) ?? 0) + 1)
      }
    }
    if (skipped.size > 0) print('\nNot tested, and why:')
    for (const [name, count] of skipped) print(`  ${name}${count > 1 ? ` [${count} tests]` : ''}`)
    print(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  },
})
