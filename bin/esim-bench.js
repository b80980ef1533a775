#!/usr/bin/env node
// Starts the compiled program. Reports an old Node version and a missing build.
import { existsSync } from 'node:fs'

const build = new URL('../dist/src/cli/main.js', import.meta.url)
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`esim-bench: Node 20.19 or newer is needed; this is ${process.versions.node}\n`)
  process.exitCode = 2
} else if (!existsSync(build)) {
  process.stderr.write('esim-bench: the program is not built; run `npm ci`, or `npm run build` after a change\n')
  process.exitCode = 2
} else {
  process.setSourceMapsEnabled(true)
  const { main } = await import(build.href)
  process.exitCode = await main(process.argv.slice(2))
}
