import { describe, expect, it } from 'vitest'
import type { TestCase, TestModule } from 'vitest/node'
import { closingReporter } from './closing-reporter.ts'

interface TestOutcome {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly flaky?: boolean
  readonly error?: string
}

const createModule = (...tests: TestOutcome[]): TestModule => {
  const module = { type: 'module', relativeModuleId: 'test/module/a.test.ts', errors: () => [] }
  const cases = tests.map(({ name, state, flaky = false, error }) => ({
    name,
    fullName: `suite > ${name}`,
    parent: module,
    result: () => ({ state, errors: error === undefined ? [] : [{ message: error }] }),
    diagnostic: () => ({ flaky }),
  }))
  return { ...module, children: { allTests: () => cases as unknown as Iterable<TestCase> } } as unknown as TestModule
}

/** Returns the closing text of a run of these tests, and whether the reporter made the run fail. */
const close = (module: TestModule, maySkip?: RegExp): { text: string; failed: boolean } => {
  const lines: string[] = []
  let failed = false
  const reporter = closingReporter(line => lines.push(line), {
    maySkip,
    fail() {
      failed = true
    },
  })
  reporter.onTestRunEnd!([module], [], 'passed')
  return { text: lines.join('\n'), failed }
}

describe('the closing reporter', () => {
  const skipped: TestOutcome = { name: 'needs a reader (no pcscd)', state: 'skipped' }

  it('the closing reporter lists skipped tests and does not fail the run without maySkip', () => {
    const { text, failed } = close(createModule({ name: 'x', state: 'passed' }, skipped))
    expect(text).toContain('Skipped tests and reasons:\n  test/module/a.test.ts: needs a reader (no pcscd)')
    expect(text).toMatch(/1 passed, 0 failed, 1 skipped$/)
    expect(failed).toBe(false)
  })

  it('the closing reporter fails a run with a skipped test that maySkip does not match', () => {
    expect(close(createModule(skipped), /shared/).failed).toBe(true)
    expect(close(createModule(skipped), /pcscd/).failed).toBe(false)
  })

  it('the closing reporter lists flaky tests with their first error', () => {
    const flaky = { name: 'pulls the card', state: 'passed', flaky: true, error: 'card-removed\nat x' } as const
    const { text, failed } = close(createModule(flaky, { name: 'steady', state: 'passed' }))
    expect(text).toContain('second attempt:\n  test/module/a.test.ts: suite > pulls the card: card-removed\n')
    expect(text).not.toContain('steady')
    expect(text).toMatch(/2 passed \(1 in the second attempt\), 0 failed, 0 skipped$/)
    expect(failed).toBe(false)
  })

  it('the closing reporter counts the tests without reference data in one line', () => {
    const names = ['a (skipped: no ../shared/ts48)', 'b (skipped: no ../shared/ts48)', 'c (no ../shared/sgp26)']
    const { text } = close(createModule(...names.map(name => ({ name, state: 'skipped' as const }))))
    expect(text).toContain('Reference data ../shared is missing: 3 tests skipped (sgp26: 1, ts48: 2)')
    expect(text).not.toContain('test/module/a.test.ts')
  })
})
