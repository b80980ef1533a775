import { describe, expect, it } from 'vitest'
import { advance, newOrder, type Order, type OrderState } from '../../../../src/server/smdp/order.ts'
import { ICCID, START } from '../smdp-fixture.ts'

/**
 * SGP.22 §3.1.6, the life cycle of a profile at the SM-DP+, as a picture. Without a mark: the transition does not
 * exist. `r`: only for an order of the bench that is used again and again.
 */
const DIAGRAM = `
from\\to     Available Allocated Linked Confirmed Released Downloaded Installed Error Unavailable
Available    .         x         x      .         .        .          .         .     x
Allocated    x         .         .      x         x        .          .         .     x
Linked       x         .         .      x         x        .          .         .     x
Confirmed    x         .         .      .         x        .          .         .     x
Released     x         .         .      .         .        x          .         x     x
Downloaded   .         .         .      .         .        .          x         x     .
Installed    .         .         .      .         r        .          .         .     .
Error        x         .         .      .         r        .          .         .     x
Unavailable  .         .         .      .         .        .          .         .     .
`
const [head, ...lines] = DIAGRAM.trim()
  .split('\n')
  .map(line => line.split(/ +/))
const cells = lines.flatMap(([from, ...marks]) =>
  marks.map((mark, index) => [from, head![index + 1], mark] as [OrderState, OrderState, string]),
)

describe('the states of an order (SGP.22 §3.1.6)', () => {
  const inState = (state: OrderState, reusable?: boolean): Order => ({
    ...newOrder(ICCID, 'Plan S', undefined, START),
    state,
    reusable,
  })

  it.each(cells)('%s -> %s: %s', (from, to, mark) => {
    const go = (reusable?: boolean) => () => advance(inState(from, reusable), to, 'a cause', START)
    if (mark === 'x') expect(go()()).toMatchObject({ state: to })
    else expect(go()).toThrow(expect.objectContaining({ code: 'bad-transition' }))
    if (mark === 'r') expect(go(true)()).toMatchObject({ state: to })
  })

  it('writes down each transition with its time and cause', () => {
    const later = new Date(START.getTime() + 1000)
    const order = advance(inState('Available'), 'Linked', 'DownloadOrder', later, { eid: '8'.repeat(32) })
    expect(order).toMatchObject({ eid: '8'.repeat(32) })
    expect(order.history.at(-1)).toEqual({ at: later, from: 'Available', to: 'Linked', cause: 'DownloadOrder' })
  })
})
