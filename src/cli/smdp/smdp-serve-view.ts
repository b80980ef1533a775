import { formatActivationCode } from '../../rsp/activation-code.ts'
import { isPending, type Order } from '../../server/smdp/order.ts'
import type { InventoryReport } from '../../services/inventory/apply-inventory.ts'
import type { Standalone } from '../../services/smdp/standalone.ts'
import { ciKeyIdOf, type StandalonePki } from '../../services/smdp/standalone-pki.ts'
import type { OpenSmdpStore } from '../../services/store/open-smdp-store.ts'
import type { Terminal } from '../terminal.ts'

/** Describes what an inventory file added to the store. */
export const describeReport = (file: string, report: InventoryReport): string[] => {
  const { profilesAdded, profilesKept, ordersAdded, ordersKept, conflicts } = report
  return [
    `${file}: ${profilesAdded} profiles and ${ordersAdded.length} orders added, ` +
      `${profilesKept} and ${ordersKept.length} already existed`,
    ...conflicts.map(conflict => `conflict: ${conflict}`),
  ]
}

const getActivationCode = (host: string, order: Order): string =>
  `LPA:${formatActivationCode({
    smdpAddress: host,
    matchingId: order.matchingId ?? '',
    confirmationCodeRequired: order.confirmationCodeHash !== undefined,
  })}`

/** `smdp order list` lists all orders. */
const MAX_CODES = 20

export const showServer = async (
  terminal: Terminal,
  at: { standalone: Standalone; pki: StandalonePki; store: OpenSmdpStore; listen: string; ca: string },
): Promise<void> => {
  const { standalone, pki, store, listen, ca } = at
  const { host, ports, smdsHost } = standalone
  terminal.line(`SM-DP+ ${host}`)
  terminal.line(`  ES9+    ${listen}:${ports.es9}  TLS with ${pki.sets.map(set => set.curve).join(' and ')}`)
  if (ports.es2 !== undefined)
    terminal.line(`  ES2+    ${listen}:${ports.es2}  client certificates; CA of the server ${ca}`)
  if (ports.es11 !== undefined) terminal.line(`  ES11    ${listen}:${ports.es11}  SM-DS ${smdsHost}`)
  if (ports.es12 !== undefined) terminal.line(`  ES12    ${listen}:${ports.es12}  SM-DS ${smdsHost}`)
  for (const set of pki.sets) terminal.line(`  CI      ${ciKeyIdOf(set)}  ${set.curve}`)
  terminal.line(`  store   ${store.name}`)
  const address = listen === '0.0.0.0' || listen === '::' ? "<this machine's address>" : listen
  terminal.line(
    ports.es9 === 443
      ? `To reach the server, add this line to the hosts file of an LPA: ${address} ${host}`
      : `LPAs connect to port 443. Use esim-bench card download --connect-to ${address}:${ports.es9}, ` +
          `or start this server with --es9-port 443 and add this line to the hosts file of the LPA: ${address} ${host}`,
  )
  const released = (await store.listOrders()).filter(isPending)
  if (released.length > 0) terminal.line('Released orders:')
  for (const order of released.slice(0, MAX_CODES)) {
    const notes = [
      order.profileType,
      order.matchingId === '' && `default order of ${order.eid}`,
      order.matchingId !== '' && order.eid !== undefined && `for ${order.eid}`,
      order.confirmationCodeHash !== undefined && 'requires its confirmation code',
      order.reusable && 'reusable',
    ].filter(Boolean)
    terminal.line(`  ${getActivationCode(host, order)}  ${order.iccid}  ${notes.join(', ')}`)
  }
  if (released.length > MAX_CODES)
    terminal.line(`  and ${released.length - MAX_CODES} more: esim-bench smdp order list`)
}
