import type { deviceInfoOf } from '../../../lpa/device-info.ts'
import { discoverEvents } from '../../../lpa/discovery.ts'
import { readAddresses } from '../../../lpa/euicc.ts'
import { type CardWork, type CardWorld, onIsdr, withCard } from './at-card.ts'
import { type Discovered, showEvents } from './choose-event.ts'
import { followServer } from './lpac-download.ts'
import { readDevice } from './own-device.ts'
import { type ServerOptions, withServers } from './servers.ts'

/** What the named SM-DS, or the root of the card, has for this card. */
export const discover = (
  at: CardWork,
  smdsAddress: string | undefined,
  deviceInfo: ReturnType<typeof deviceInfoOf>,
): Promise<Discovered> =>
  onIsdr(at, async isdr => {
    const root = smdsAddress ?? (await readAddresses(isdr)).rootDsAddress
    const signal = at.world.interrupt
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
  world: CardWorld,
  smdsAddress: string | undefined,
  options: ServerOptions & { readonly imei?: string },
): Promise<number> => {
  const device = readDevice(options.imei)
  return withCard(world, options, async at => {
    const { root, events } = await discover(at, smdsAddress, device(at))
    // lpac tells the servers and not the ids.
    at.lpac?.success(events.map(({ rspServerAddress }) => rspServerAddress))
    at.json({ smdsAddress: root, events })
    if (events.length === 0) at.terminal.line(`${root} has nothing for this card`)
    for (const line of showEvents(events)) at.terminal.line(line)
    return 0
  })
}
