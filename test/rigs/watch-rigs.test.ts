import { describe, expect, it } from 'vitest'
import { PcscError } from '../../src/pcsc/errors.ts'
import type { WatchOptions } from '../../src/pcsc/watch.ts'
import type { Links } from '../../src/rigs/attach.ts'
import { SOFTWARE_RIG } from '../../src/rigs/rig.ts'
import { watchRigs } from '../../src/rigs/watch-rigs.ts'

describe('watchRigs', () => {
  it('watchRigs prints later changes and the rig that becomes available, and only logs the state at the start', async () => {
    const printed: string[] = []
    const noted: string[] = []
    let watching: WatchOptions | undefined
    let look = (): void => {}
    const stop = watchRigs({
      rigs: [
        SOFTWARE_RIG,
        { name: 'desk', link: { pcsc: { reader: 'ACS' } } },
        { name: 'shelf', link: { pcsc: { reader: 'Cherry' } } },
      ],
      links: {
        pcsc: {
          look: async ({ name }: { name: string }) =>
            name === 'desk' ? { attached: true } : { attached: false, reason: 'no' },
        },
      } as unknown as Links,
      print: sentence => {
        printed.push(sentence)
        if (sentence.includes('attached')) look()
      },
      note: sentence => noted.push(sentence),
      watch: options => {
        watching = options
        return () => {}
      },
    })
    watching!.onChange({ kind: 'service-left', error: new PcscError('no-service', 'pcscd does not run; start it') })
    watching!.onChange({ kind: 'service-came' })
    watching!.onChange({ kind: 'reader-came', reader: 'Cherry 00 00' })
    expect(printed).toEqual([])
    watching!.later(() => {})()
    const attached = new Promise<void>(resolve => {
      look = resolve
    })
    watching!.onChange({ kind: 'reader-came', reader: 'ACS 00 00' })
    watching!.onChange({ kind: 'card-came', reader: 'ACS 00 00' })
    await attached
    watching!.onChange({ kind: 'card-left', reader: 'ACS 00 00' })
    stop()
    expect(printed).toEqual([
      'ACS 00 00: the reader was connected',
      'ACS 00 00: a card was inserted',
      'ACS 00 00: the rig desk is attached',
      'ACS 00 00: the card was removed',
    ])
    expect(noted).toEqual(['pcscd does not run; start it', 'pcscd answers', 'Cherry 00 00: the reader was connected'])
  })
})
