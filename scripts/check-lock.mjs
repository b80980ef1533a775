#!/usr/bin/env node
/** Fails if an entry of package-lock.json has no `integrity`: npm would install that package without checking it. */
import { readFileSync } from 'node:fs'

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
const isInstalled = ([path, { link, inBundle }]) => path !== '' && !link && !inBundle
const entries = Object.entries(packages).filter(isInstalled)
const missing = entries.filter(([, { integrity }]) => !integrity).map(([path]) => path)
for (const path of missing) console.error(`package-lock.json: ${path} has no integrity`)
if (missing.length > 0) {
  console.error('Delete package-lock.json and node_modules, run npm install, and commit the new lock file.')
  process.exit(1)
}
console.log(`package-lock.json: all ${entries.length} entries have an integrity value`)
