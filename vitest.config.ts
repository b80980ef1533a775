import { defineConfig } from 'vitest/config'
import { closingReporter } from './test/closing-reporter.ts'
import { createProjects } from './test/groups.ts'

/** CI sets it, because CI installs everything that tests need: a pattern of the tests that may still be skipped. */
const maySkip = process.env.ESIM_BENCH_MAY_SKIP

export default defineConfig({
  test: {
    projects: createProjects(),
    reporters: [
      'default',
      closingReporter(line => console.log(line), {
        ...(maySkip === undefined ? {} : { maySkip: new RegExp(maySkip) }),
        fail() {
          process.exitCode = 1
        },
      }),
    ],
    // CI sets it and reports each flaky test at the end. Elsewhere a flaky test fails.
    retry: Number(process.env.ESIM_BENCH_RETRY ?? 0),
    // Browsers and ciphers over whole packages are slow on two cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
