import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

/** The outermost name that carries the reason: the suite that was skipped, or the test itself. */
const nameOf = (test: TestCase): string => {
  let name = test.name
  for (let parent: TestSuite | TestModule = test.parent; parent.type === 'suite'; parent = parent.parent)
    if (parent.options.mode === 'skip') name = parent.name
  return name
}

const firstLine = (text: string | undefined): string => text?.split('\n', 1)[0] ?? 'no reason given'

/**
 * Says at the end what was not tested and why, and what passed only at a second attempt, which the default reporter keeps
 * to itself, and closes with the counts.
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
    const unsteady: string[] = []
    for (const module of modules) {
      // A file that could not be read has no tests to count, and is no success.
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state]++
        const errors = test.result().errors ?? []
        if (test.diagnostic()?.flaky)
          unsteady.push(`${module.relativeModuleId}: ${test.fullName}: ${firstLine(errors[0]?.message)}`)
        if (state !== 'skipped') continue
        const name = `${module.relativeModuleId}: ${nameOf(test)}`
        skipped.set(name, (skipped.get(name) ?? 0) + 1)
      }
    }
    if (skipped.size > 0) print('\nNot tested, and why:')
    for (const [name, count] of skipped) print(`  ${name}${count > 1 ? ` [${count} tests]` : ''}`)
    if (unsteady.length > 0)
      print('\nPassed at the second attempt only: a race, in the test or in what it tests, to be found:')
    for (const line of unsteady) print(`  ${line}`)
    const unwanted = maySkip ? [...skipped.keys()].filter(name => !maySkip.test(name)) : []
    if (unwanted.length > 0) {
      print(`\nThese may not be skipped here (ESIM_BENCH_MAY_SKIP=${maySkip!.source}):`)
      for (const name of unwanted) print(`  ${name}`)
      fail()
    }
    const again = unsteady.length > 0 ? ` (${unsteady.length} at the second attempt)` : ''
    print(`\n${counts.passed} passed${again}, ${counts.failed} failed, ${counts.skipped} skipped`)
  },
})
