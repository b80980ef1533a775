import type { toDeviceInfo } from '../../lpa/card/device-info.ts'
import { readAddresses } from '../../lpa/card/euicc.ts'
import { discoverEvents } from '../../lpa/discovery.ts'
import type { SmdsOptions } from '../card/card-options.ts'
import { prepareDeviceInfo } from '../card/device-info.ts'
import { withServers } from '../card/servers.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from '../card/with-card.ts'
import { printServerProgress } from '../lpac/lpac-download.ts'
import { type DiscoveredEvents, showEvents } from './choose-event.ts'

/** Asks the SM-DS, or the root SM-DS of the card, for the events of this card. */
export const retrieveEvents = (
  at: CardWork,
  smdsAddress: string | undefined,
  deviceInfo: ReturnType<typeof toDeviceInfo>,
): Promise<DiscoveredEvents> =>
  onIsdr(at, async isdr => {
    const root = smdsAddress ?? (await readAddresses(isdr)).rootDsAddress
    const signal = at.runtime.interrupt
    const stop = printServerProgress(at, root)
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

/** `card discover`, and `profile discovery` of lpac. */
export const discoverEventsCommand = (
  runtime: CardRuntime,
  smdsAddress: string | undefined,
  options: SmdsOptions,
): Promise<number> => {
  const getDeviceInfo = prepareDeviceInfo(options.imei)
  return withCard(runtime, options, async at => {
    const { root, events } = await retrieveEvents(at, smdsAddress, getDeviceInfo(at))
    // lpac prints the servers without the event IDs.
    at.lpac?.success(events.map(({ rspServerAddress }) => rspServerAddress))
    at.json({ smdsAddress: root, events })
    if (events.length === 0) at.terminal.line(`${root} has no events for this card`)
    for (const line of showEvents(events)) at.terminal.line(line)
    return 0
  })
}
