import { useState } from 'react'
import { useSnapshot, useStore } from './use-bench.ts'

export const StartRun = ({ onStarted }: { onStarted: (runId: string) => void }) => {
  const store = useStore()
  const { rigs, connection, info } = useSnapshot()
  const [rig, setRig] = useState('')
  const [starting, setStarting] = useState(false)
  const start = async (): Promise<void> => {
    setStarting(true)
    const runId = await store.startRun(rig || undefined)
    setStarting(false)
    if (runId !== null) onStarted(runId)
  }
  const why = connection === 'live' ? info?.why : 'The bench is not reachable.'
  return (
    <div className="start-run">
      {rigs.length > 1 && (
        <label>
          <span className="visually-hidden">Rig</span>
          <select value={rig} onChange={event => setRig(event.target.value)}>
            <option value="">Rig: automatic</option>
            {rigs.map(({ name, subject, description, why }) => (
              <option key={name} value={name} title={`${description} ${why}`}>
                {name} ({subject})
              </option>
            ))}
          </select>
        </label>
      )}
      <button
        type="button"
        className="button primary"
        disabled={starting || connection !== 'live'}
        title={why}
        onClick={() => void start()}
      >
        {starting ? 'Starting…' : 'Start a run'}
      </button>
    </div>
  )
}
