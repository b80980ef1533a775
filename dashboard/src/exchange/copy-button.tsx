import { useState } from 'react'

export const CopyButton = ({ text, what }: { text: string; what: string }) => {
  const [state, setState] = useState<'ready' | 'copied' | 'refused'>('ready')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      // Browsers offer the clipboard on https and localhost only.
      setState('refused')
    }
    setTimeout(() => setState('ready'), 1500)
  }
  return (
    <button type="button" className="link" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      {state === 'ready' ? 'Copy' : state === 'copied' ? 'Copied' : 'Not allowed here'}
    </button>
  )
}
