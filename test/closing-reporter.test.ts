import { describe, expect, it } from 'vitest'
import type { TestCase, TestModule } from 'vitest/node'
import { closingReporter } from './closing-reporter.ts'

interface Told {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly flaky?: boolean
  readonly error?: string
}

const moduleOf = (...tests: Told[]): TestModule => {
  const module = { type: 'module', relativeModuleId: 'test/room/a.test.ts', errors: () => [] }
  const cases = tests.map(({ name, state, flaky = false, error }) => ({
    name,
    fullName: `suite > ${name}`,
    parent: module,
    result: () => ({ state, errors: error === undefined ? [] : [{ message: error }] }),
    diagnostic: () => ({ flaky }),
  }))
  return { ...module, children: { allTests: () => cases as unknown as Iterable<TestCase> } } as unknown as TestModule
}

/** What a run of these tests prints at its end, and whether it was made to fail. */
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

describe('what a test run says at its end', () => {
  const skipped: Told = { name: 'needs a reader (no pcscd)', state: 'skipped' }

  it('names what was skipped, and lets it pass where nobody forbids it', () => {
    const { text, failed } = close(moduleOf({ name: 'x', state: 'passed' }, skipped))
    expect(text).toContain('Not tested, and why:\n  test/room/a.test.ts: needs a reader (no pcscd)')
    expect(text).toMatch(/1 passed, 0 failed, 1 skipped$/)
    expect(failed).toBe(false)
  })

  it('fails a run that skipped what it may not', () => {
    expect(close(moduleOf(skipped), /shared/).failed).toBe(true)
    expect(close(moduleOf(skipped), /pcscd/).failed).toBe(false)
  })

  it('names what passed at the second attempt only, with the first error', () => {
    const told = { name: 'pulls the card', state: 'passed', flaky: true, error: 'card-removed\nat x' } as const
    const { text, failed } = close(moduleOf(told, { name: 'steady', state: 'passed' }))
    expect(text).toContain('to be found:\n  test/room/a.test.ts: suite > pulls the card: card-removed\n')
    expect(text).not.toContain('steady')
    expect(text).toMatch(/2 passed \(1 at the second attempt\), 0 failed, 0 skipped$/)
    expect(failed).toBe(false)
  })
})
