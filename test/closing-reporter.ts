import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

/** The name that contains the reason: of the outermost skipped suite, or of the test. */
const getReasonName = (test: TestCase): string => {
  let name = test.name
  for (let parent: TestSuite | TestModule = test.parent; parent.type === 'suite'; parent = parent.parent)
    if (parent.options.mode === 'skip') name = parent.name
  return name
}

/** The folder of the reference data that a skipped test needs (`sgp26`), from the reason in its name. */
const getMissingData = (test: TestCase): string | undefined => {
  const match = /\.\.\/shared(?:\/([\w-]+))?/.exec(test.fullName)
  return match ? (match[1] ?? 'other') : undefined
}

const increment = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1)

const firstLine = (text: string | undefined): string => text?.split('\n', 1)[0] ?? 'no reason given'

/**
 * Reports at the end of a run which tests were skipped and why, and which tests are flaky, and prints the counts.
 * Tests that need reference data share one line. With `maySkip`, any other skipped test makes the run fail.
 */
export const closingReporter = (
  print: (line: string) => void,
  { maySkip, fail }: { maySkip?: RegExp | undefined; fail(): void },
): Reporter => ({
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const skipped = new Map<string, number>()
    const listed = new Map<string, number>()
    const missingData = new Map<string, number>()
    const flaky: string[] = []
    for (const module of modules) {
      // A file with a syntax or import error has no tests. Count the file as failed.
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state]++
        const errors = test.result().errors ?? []
        if (test.diagnostic()?.flaky)
          flaky.push(`${module.relativeModuleId}: ${test.fullName}: ${firstLine(errors[0]?.message)}`)
        if (state !== 'skipped') continue
        increment(skipped, `${module.relativeModuleId}: ${getReasonName(test)}`)
        const data = getMissingData(test)
        increment(
          data === undefined ? listed : missingData,
          data ?? `${module.relativeModuleId}: ${getReasonName(test)}`,
        )
      }
    }
    if (listed.size > 0) print('\nSkipped tests and reasons:')
    for (const [name, count] of listed) print(`  ${name}${count > 1 ? ` [${count} tests]` : ''}`)
    if (missingData.size > 0) {
      const total = [...missingData.values()].reduce((sum, count) => sum + count, 0)
      const folders = [...missingData].sort().map(([folder, count]) => `${folder}: ${count}`)
      print(`\nReference data ../shared is missing: ${total} tests skipped (${folders.join(', ')})`)
    }
    if (flaky.length > 0) print('\nFlaky tests, passed only in the second attempt:')
    for (const line of flaky) print(`  ${line}`)
    const forbidden = maySkip ? [...skipped.keys()].filter(name => !maySkip.test(name)) : []
    if (forbidden.length > 0) {
      print(`\nTests that must not be skipped here (ESIM_BENCH_MAY_SKIP=${maySkip!.source}):`)
      for (const name of forbidden) print(`  ${name}`)
      fail()
    }
    const attempts = flaky.length > 0 ? ` (${flaky.length} in the second attempt)` : ''
    print(`\n${counts.passed} passed${attempts}, ${counts.failed} failed, ${counts.skipped} skipped`)
  },
})
