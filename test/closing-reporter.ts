import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

/** The outermost name that carries the reason: the suite that was skipped, or the test itself. */
const nameOf = (test: TestCase): string => {
  let name = test.name
  for (let parent: TestSuite | TestModule = test.parent; parent.type === 'suite'; parent = parent.parent)
    if (parent.options.mode === 'skip') name = parent.name
  return name
}

/**
 * Says at the end what was not tested and why, which the default reporter keeps to itself, and closes with the counts.
 * A skipped test whose name does not match `maySkip` makes the run fail: where everything is installed that tests
 * need, a skip is a test that nobody ran.
 */
export const closingReporter = (
  print: (line: string) => void,
  { maySkip, fail }: { maySkip?: RegExp | undefined; fail(): void },
): Reporter => ({
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
    const unwanted = maySkip ? [...skipped.keys()].filter(name => !maySkip.test(name)) : []
    if (unwanted.length > 0) {
      print(`\nThese may not be skipped here (ESIM_BENCH_MAY_SKIP=${maySkip!.source}):`)
      for (const name of unwanted) print(`  ${name}`)
      fail()
    }
    print(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  },
})
