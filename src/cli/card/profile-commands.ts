import { BenchError } from '../../host/error.ts'
import { readEid } from '../../lpa/card/euicc.ts'
import { deleteProfile, disableProfile, enableProfile, listProfiles, setNickname } from '../../lpa/card/profiles.ts'
import type { CardOptions } from '../options.ts'
import { formatName } from '../terminal.ts'
import type { NotifyOptions, SwitchOptions } from './card-options.ts'
import { viewProfile } from './card-view.ts'
import { askFirst, refuseOnProtected } from './consent.ts'
import { deliverNotifications, readPending } from './deliver-notifications.ts'
import { findCardProfile, parseProfileSelector } from './find-profile.ts'
import { type CardRuntime, onIsdr, withCard } from './with-card.ts'

export const switchCommand = (
  runtime: CardRuntime,
  action: 'enable' | 'disable',
  name: string,
  options: SwitchOptions,
): Promise<number> => {
  const selector = parseProfileSelector(name)
  return withCard(runtime, options, async at => {
    const { device, terminal, isdrOptions } = at
    at.lpac?.setStep(`es10c_${action}_profile`)
    const { found, others, before } = await onIsdr(at, async isdr => ({
      found: await findCardProfile(isdr, selector),
      others: (await listProfiles(isdr)).filter(({ profileState }) => profileState === 'enabled').length,
      before: await readPending(isdr),
    }))
    // Without an enabled profile the device may be offline. Users normally enable another profile instead.
    if (action === 'disable' && others > 0 && found.info.profileState === 'enabled')
      await askFirst(at, `disable ${found.label}, which leaves the card without an enabled profile`)
    const change = action === 'enable' ? enableProfile : disableProfile
    const changed = await change({
      card: device.card,
      profile: found.name,
      isdrOptions,
      refreshFlag: (options.refresh ?? true) && (device.refreshFlag ?? true),
    })
    const view = viewProfile({ ...found.info, ...changed })
    terminal.line(`${found.label} is ${view.state}`)
    const event = action === 'enable' ? 'notificationEnable' : 'notificationDisable'
    const notifications = await deliverNotifications(at, found.info, event, before)
    at.lpac?.success()
    at.json({ profile: view, ...(notifications && { notifications }) })
    return 0
  })
}

export const deleteCommand = (runtime: CardRuntime, profile: string, options: NotifyOptions): Promise<number> => {
  const selector = parseProfileSelector(profile)
  return withCard(runtime, options, async at => {
    at.lpac?.setStep('es10c_delete_profile')
    const { eid, found, before } = await onIsdr(at, async isdr => ({
      eid: await readEid(isdr),
      found: await findCardProfile(isdr, selector),
      before: await readPending(isdr),
    }))
    const { info, label } = found
    refuseOnProtected(at, { eid, iccid: label }, 'nothing on it is deleted')
    if (info.profileState === 'enabled' && !at.lpac)
      throw new BenchError('usage', `${label} is enabled; disable it first with: esim-bench card disable ${label}`)
    const name = info.profileNickname || info.profileName
    await askFirst(at, `permanently delete ${label}${name ? ` (${name})` : ''} from the card`)
    await onIsdr(at, isdr => deleteProfile(isdr, found.name))
    at.terminal.line(`${label} is deleted`)
    const notifications = await deliverNotifications(at, info, 'notificationDelete', before)
    at.lpac?.success()
    at.json({ deleted: label, ...(notifications && { notifications }) })
    return 0
  })
}

export const nicknameCommand = (
  runtime: CardRuntime,
  name: string,
  nickname: string,
  options: CardOptions,
): Promise<number> => {
  const selector = parseProfileSelector(name)
  if (Buffer.byteLength(nickname) > 64)
    throw new BenchError('usage', 'the nickname is longer than 64 bytes of UTF-8; choose a shorter one')
  return withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      at.lpac?.setStep('es10c_set_nickname')
      const { name: profile, label } = await findCardProfile(isdr, selector)
      if (!('iccid' in profile) && !/^\d+$/.test(label))
        throw new BenchError('usage', `${label} has no ICCID; a card needs the ICCID to set a nickname`)
      await setNickname(isdr, label, nickname)
      at.lpac?.success()
      at.json({ iccid: label, nickname })
      at.terminal.line(
        nickname === '' ? `${label} has no nickname now` : `${label} has the nickname ${formatName(nickname)}`,
      )
      return 0
    }),
  )
}
