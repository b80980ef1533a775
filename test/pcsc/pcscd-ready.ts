import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const takesCalls = (socket: string): Promise<boolean> =>
  new Promise(resolve => {
    const call = connect(socket)
    call.once('connect', () => {
      call.destroy()
      resolve(true)
    })
    call.once('error', () => resolve(false))
  })

/** Resolves when a started pcscd accepts calls: it reports readiness before its socket exists. */
export const untilReady = async (daemon: ChildProcess, socket: string): Promise<void> => {
  let log = ''
  const end = new Promise<never>((_, reject) => {
    daemon.once('error', reject)
    daemon.once('exit', code => reject(new Error(`pcscd ended with ${code}: ${log}`)))
  })
  const said = new Promise<void>(resolve => {
    const read = (chunk: Buffer): void => {
      log += chunk
      if (/daemon ready/.test(log)) resolve()
    }
    daemon.stdout!.on('data', read)
    daemon.stderr!.on('data', read)
  })
  await Promise.race([said, end])
  while (!(await Promise.race([takesCalls(socket), end]))) await pause(5)
  end.catch(() => undefined)
}
