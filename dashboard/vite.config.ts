import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    // The content policy allows files of the build only: nothing inlined, no polyfill injected.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
})
