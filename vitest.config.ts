import { defineConfig } from 'vitest/config'
import { closingReporter } from './test/closing-reporter.ts'

/** Set where everything that tests need is installed: a pattern of what may be skipped all the same. */
const maySkip = process.env.ESIM_BENCH_MAY_SKIP

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: [
      'default',
      closingReporter(line => console.log(line), {
        ...(maySkip === undefined ? {} : { maySkip: new RegExp(maySkip) }),
        fail() {
          process.exitCode = 1
        },
      }),
    ],
    // Set by CI, where what needed a second attempt is named at the end; at a desk it fails.
    retry: Number(process.env.ESIM_BENCH_RETRY ?? 0),
    // Ciphers over every byte of a package, and browsers, take their time on two cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
