import { iccidOf, listProfiles, WHOLE_PROFILE_INFO } from '../../lpa/card/profiles.ts'
import { lpacProfile } from '../lpac/lpac-view.ts'
import type { CardOptions } from '../options.ts'
import { showProfiles, viewProfile } from './card-view.ts'
import { type CardRuntime, onIsdr, withCard } from './with-card.ts'

export const listCommand = (runtime: CardRuntime, options: CardOptions): Promise<number> =>
  withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      const listed = await listProfiles(isdr, { tagList: WHOLE_PROFILE_INFO })
      const profiles = listed.map(viewProfile)
      at.lpac?.success(listed.map(lpacProfile))
      at.json({ rig: at.device.rig.name, profiles })
      for (const line of showProfiles(profiles)) at.terminal.line(line)
      const twice = profiles.find(({ iccid }, index) => profiles.findIndex(other => other.iccid === iccid) !== index)
      if (twice) at.terminal.line(`note: the card lists ${twice.iccid} more than once`)
      for (const info of listed)
        if (iccidOf(info) === undefined)
          at.terminal.line('note: a profile has no ICCID; it goes by the AID of its ISD-P')
      return 0
    }),
  )
