import type { deviceInfoOf } from '../../lpa/card/device-info.ts'
import { readAddresses } from '../../lpa/card/euicc.ts'
import { discoverEvents } from '../../lpa/discovery.ts'
import { readDevice } from '../card/own-device.ts'
import { type ServerOptions, withServers } from '../card/servers.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from '../card/with-card.ts'
import { followServer } from '../lpac/lpac-download.ts'
import { type Discovered, showEvents } from './choose-event.ts'

/** What the named SM-DS, or the root of the card, has for this card. */
export const discover = (
  at: CardWork,
  smdsAddress: string | undefined,
  deviceInfo: ReturnType<typeof deviceInfoOf>,
): Promise<Discovered> =>
  onIsdr(at, async isdr => {
    const root = smdsAddress ?? (await readAddresses(isdr)).rootDsAddress
    const signal = at.runtime.interrupt
    const stop = followServer(at, root)
    const events = await withServers(
      at,
      isdr,
      [root],
      fetch => discoverEvents({ isdr, fetch, deviceInfo, smdsAddress: root, signal }),
      root,
    )
    stop()
    return { root, events }
  })

/** `card discover`, and lpac's `profile discovery`: what waits, and nothing more. */
export const discoverCommand = (
  runtime: CardRuntime,
  smdsAddress: string | undefined,
  options: ServerOptions & { readonly imei?: string },
): Promise<number> => {
  const device = readDevice(options.imei)
  return withCard(runtime, options, async at => {
    const { root, events } = await discover(at, smdsAddress, device(at))
    // lpac tells the servers and not the ids.
    at.lpac?.success(events.map(({ rspServerAddress }) => rspServerAddress))
    at.json({ smdsAddress: root, events })
    if (events.length === 0) at.terminal.line(`${root} has nothing for this card`)
    for (const line of showEvents(events)) at.terminal.line(line)
    return 0
  })
}
