import { BenchError } from '../../host/error.ts'
import { readEid } from '../../lpa/card/euicc.ts'
import { deleteProfile, disableProfile, enableProfile, listProfiles, setNickname } from '../../lpa/card/profiles.ts'
import { showName } from '../terminal.ts'
import { viewProfile } from './card-view.ts'
import { askFirst, type ConsentOptions, refuseOnProtected } from './consent.ts'
import { deliverNotifications, type NotifyOptions, readWaiting } from './deliver-notifications.ts'
import { findProfile, readWanted } from './find-profile.ts'
import { type CardRuntime, onIsdr, withCard } from './with-card.ts'

export interface SwitchOptions extends NotifyOptions, ConsentOptions {
  /** False with `--no-refresh`. */
  readonly refresh?: boolean
}

export const switchCommand = (
  runtime: CardRuntime,
  action: 'enable' | 'disable',
  name: string,
  options: SwitchOptions,
): Promise<number> => {
  const wanted = readWanted(name)
  return withCard(runtime, options, async at => {
    const { device, terminal, isdrOptions } = at
    at.lpac?.during(`es10c_${action}_profile`)
    const { found, others, before } = await onIsdr(at, async isdr => ({
      found: await findProfile(isdr, wanted),
      others: (await listProfiles(isdr)).filter(({ profileState }) => profileState === 'enabled').length,
      before: await readWaiting(isdr),
    }))
    // A device that is online through this card alone is cut off; enabling another one is the usual way.
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

export const deleteCommand = (
  runtime: CardRuntime,
  name: string,
  options: NotifyOptions & ConsentOptions,
): Promise<number> => {
  const wanted = readWanted(name)
  return withCard(runtime, options, async at => {
    at.lpac?.during('es10c_delete_profile')
    const { eid, found, before } = await onIsdr(at, async isdr => ({
      eid: await readEid(isdr),
      found: await findProfile(isdr, wanted),
      before: await readWaiting(isdr),
    }))
    const { info, label } = found
    refuseOnProtected(at, { eid, iccid: label }, 'nothing on it may be deleted')
    if (info.profileState === 'enabled' && !at.lpac)
      throw new BenchError('usage', `${label} is enabled: disable it first, esim-bench card disable ${label}`)
    const called = info.profileNickname || info.profileName
    await askFirst(at, `delete ${label}${called ? ` (${called})` : ''} from the card for good`)
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
  options: ConsentOptions,
): Promise<number> => {
  const wanted = readWanted(name)
  if (Buffer.byteLength(nickname) > 64) throw new BenchError('usage', 'a nickname may have 64 bytes')
  return withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      at.lpac?.during('es10c_set_nickname')
      const { name: profile, label } = await findProfile(isdr, wanted)
      if (!('iccid' in profile) && !/^\d+$/.test(label))
        throw new BenchError('usage', `${label} has no ICCID, without which the card takes no nickname for it`)
      await setNickname(isdr, label, nickname)
      at.lpac?.success()
      at.json({ iccid: label, nickname })
      at.terminal.line(nickname === '' ? `${label} has no nickname now` : `${label} is called ${showName(nickname)}`)
      return 0
    }),
  )
}
