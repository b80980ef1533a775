import { formatClock } from '../run/wording.ts'
import type { Connection } from './bench-store.ts'
import { useSnapshot } from './use-bench.ts'

const WORDS: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
}

/** Shows the connection state and, without a connection, the time of the shown state. */
export const ConnectionState = () => {
  const { connection, lostAt } = useSnapshot()
  return (
    <span className={`connection connection-${connection}`} role="status" data-connection={connection}>
      <span className="dot" aria-hidden="true" />
      {WORDS[connection]}
      {lostAt && <span className="since">, shown as of {formatClock(lostAt)}</span>}
    </span>
  )
}
