import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Ciphers over every byte of a package, and browsers, take their time on two cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
