import { defineConfig } from 'vitest/config'
import { closingReporter } from './test/closing-reporter.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', closingReporter(line => console.log(line))],
    // Ciphers over every byte of a package, and browsers, take their time on two cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
