import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openBenchStore } from './bench-store.ts'
import { Page } from './page.tsx'
import { StoreProvider } from './use-bench.ts'

const store = openBenchStore()

createRoot(document.getElementById('page')!).render(
  <StrictMode>
    <StoreProvider value={store}>
      <Page />
    </StoreProvider>
  </StrictMode>,
)
