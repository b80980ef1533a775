import { toHex } from '../../asn1/bytes.ts'
import { inspectEuicc } from '../../lpa/card/euicc.ts'
import { iccidOf, listProfiles, WHOLE_PROFILE_INFO } from '../../lpa/card/profiles.ts'
import { lpacChipInfo, lpacProfile } from '../lpac/lpac-view.ts'
import type { CardOptions } from '../options.ts'
import { showProfiles, viewProfile } from './card-view.ts'
import { showInfo, viewInfo } from './info-view.ts'
import { type CardRuntime, onIsdr, withCard } from './with-card.ts'

export const infoCommand = (runtime: CardRuntime, options: CardOptions): Promise<number> =>
  withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      const description = await inspectEuicc(isdr)
      const { subjectKeyId } = at.workplace.pki.ci.certificate
      const view = viewInfo({
        description,
        isdrAid: isdr.aid,
        isdrSvn: isdr.template?.svn,
        atr: at.device.card.atr,
        ownCi: subjectKeyId && toHex(subjectKeyId),
      })
      // lpac identifies a card by its EID and fails without one. It leaves out other missing values.
      const withoutEid = description.unread.find(({ reading }) => reading === 'eid')
      if (at.lpac && withoutEid) return at.lpac.failure('es10c_get_eid', '')
      at.lpac?.success(lpacChipInfo(description))
      at.json({ rig: at.device.rig.name, ...view })
      for (const line of showInfo(view)) at.terminal.line(line)
      return 0
    }),
  )

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
          at.terminal.line('note: a profile has no ICCID; use the AID of its ISD-P to select it')
      return 0
    }),
  )
