import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openBenchStore } from './bench/bench-store.ts'
import { StoreProvider } from './bench/use-bench.ts'
import { Page } from './page.tsx'

const store = openBenchStore()

createRoot(document.getElementById('page')!).render(
  <StrictMode>
    <StoreProvider value={store}>
      <Page />
    </StoreProvider>
  </StrictMode>,
)
