import { BenchError } from '../../host/error.ts'
import { readAddresses, readEid, setDefaultAddress } from '../../lpa/card/euicc.ts'
import { listProfiles, type ResetOption, resetMemory, WHOLE_PROFILE_INFO } from '../../lpa/card/profiles.ts'
import { LpaError } from '../../lpa/errors.ts'
import { listNotifications, sendNotifications } from '../../lpa/notifications.ts'
import { isListed } from '../../rigs/protect-card.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import type { DefaultSmdpOptions, ResetOptions } from './card-options.ts'
import { askFirst, refuseOnProtected } from './consent.ts'
import { getAddresses, showDelivery } from './deliver-notifications.ts'
import { withServers } from './servers.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from './with-card.ts'

export const defaultSmdpCommand = (
  runtime: CardRuntime,
  host: string | undefined,
  options: DefaultSmdpOptions,
): Promise<number> => {
  if (host !== undefined && options.clear) throw new BenchError('usage', 'give either a host or --clear')
  return withCard(runtime, options, async at => {
    at.lpac?.setStep('es10a_set_default_dp_address')
    const { eid, before } = await onIsdr(at, async isdr => ({
      eid: await readEid(isdr),
      before: (await readAddresses(isdr)).defaultDpAddress ?? '',
    }))
    if (host === undefined && !options.clear) {
      at.lpac?.success(before || null)
      at.json({ defaultSmdpAddress: before })
      at.terminal.line(before === '' ? 'the card has no default SM-DP+' : before)
      return 0
    }
    const after = host ?? ''
    refuseOnProtected(at, { eid }, 'its default SM-DP+ is not changed')
    if (before !== '' && before !== after)
      await askFirst(at, `replace the default SM-DP+ ${before} by ${after === '' ? 'none' : after}`)
    await onIsdr(at, isdr => setDefaultAddress(isdr, after))
    at.lpac?.success()
    at.json({ defaultSmdpAddress: after, before })
    at.terminal.line(after === '' ? 'the card has no default SM-DP+ now' : `the default SM-DP+ is ${after}`)
    return 0
  })
}

const RESETS: readonly [keyof ResetOptions, ResetOption, string][] = [
  ['operational', 'deleteOperationalProfiles', 'delete every operational profile'],
  ['test', 'deleteFieldLoadedTestProfiles', 'delete every test profile that was downloaded'],
  ['defaultAddress', 'resetDefaultSmdpAddress', 'reset the default SM-DP+ address'],
]

/** eUICC memory reset (SGP.22 §3.2.5). Sends the delete notifications that the card creates. */
export const resetCommand = (runtime: CardRuntime, options: ResetOptions): Promise<number> => {
  const chosen = RESETS.filter(([name]) => options[name] === true)
  if (chosen.length === 0)
    throw new BenchError(
      'usage',
      'nothing is selected; give one or more of --operational, --test and --default-address',
    )
  return withCard(runtime, options, async at => {
    at.lpac?.setStep('es10c_euicc_memory_reset')
    const { eid, profiles } = await onIsdr(at, async isdr => ({
      eid: await readEid(isdr),
      profiles: await listProfiles(isdr, { tagList: WHOLE_PROFILE_INFO }),
    }))
    refuseOnProtected(at, { eid }, 'it is not reset')
    const deleted = profiles.filter(isSelected(options))
    for (const profile of deleted) refuseOnProtected(at, { eid, iccid: iccidOf(profile) }, 'the card is not reset')
    // A card may delete a profile that it lists with another class.
    const listed = profiles.map(iccidOf).find(iccid => isListed(at.device.protectedNumbers, iccid))
    if (listed !== undefined && (options.operational || options.test))
      refuseOnProtected(at, { eid, iccid: listed }, 'the card is not reset')
    const names = deleted.map(iccidOf)
    const list = names.length === 0 ? '' : ` (${names.join(', ')})`
    await askFirst(at, `${chosen.map(([, , effect]) => effect).join(' and ')}${list} on the card ${eid}`)
    const done = await onIsdr(at, isdr =>
      resetMemory(
        isdr,
        chosen.map(([, option]) => option),
      ),
    )
    await at.device.card.reset()
    const remaining = await onIsdr(at, isdr => listProfiles(isdr))
    const undeleted = deleted.filter(profile => remaining.some(other => iccidOf(other) === iccidOf(profile)))
    if (done && undeleted.length > 0)
      throw new LpaError(
        'state-not-changed',
        'card',
        `the card reported success, but still lists ${undeleted.map(iccidOf).join(', ')}`,
        {
          step: 'ES10c.eUICCMemoryReset',
        },
      )
    at.terminal.line(
      done
        ? `the card is reset${list === '' ? '' : `; deleted: ${names.join(', ')}`}`
        : 'the card had nothing to delete',
    )
    const notifications = await sendPending(at, options)
    if (at.lpac && !done) return at.lpac.failure('es10c_euicc_memory_reset', 'nothing to delete')
    at.lpac?.success()
    at.json({ eid, reset: done, deleted: done ? names : [], ...(notifications && { notifications }) })
    return 0
  })
}

const iccidOf = ({ iccid }: ProfileInfo): string => (iccid ? iccidToDigits(iccid) : '')
const isSelected =
  ({ operational, test }: ResetOptions) =>
  ({ profileClass = 'operational' }: ProfileInfo): boolean =>
    (operational === true && profileClass === 'operational') || (test === true && profileClass === 'test')

const sendPending = async (at: CardWork, { notify }: ResetOptions) => {
  if (notify === false || at.lpac) return undefined
  return onIsdr(at, async isdr => {
    const waiting = await listNotifications(isdr)
    if (waiting.length === 0) return { sent: 0, kept: 0 }
    const { sent, kept } = await withServers(at, isdr, getAddresses(waiting), fetch =>
      sendNotifications({ isdr, fetch, signal: at.runtime.interrupt }),
    )
    at.terminal.line(showDelivery(sent.length, kept.length))
    return { sent: sent.length, kept: kept.length }
  })
}
