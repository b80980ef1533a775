import { toHex } from '../../asn1/bytes.ts'
import { inspectEuicc } from '../../lpa/card/euicc.ts'
import { lpacChipInfo } from '../lpac/lpac-view.ts'
import type { CardOptions } from '../options.ts'
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
      // lpac names a card by its EID, and does without the rest.
      const withoutEid = description.unread.find(({ reading }) => reading === 'eid')
      if (at.lpac && withoutEid) return at.lpac.failure('es10c_get_eid', '')
      at.lpac?.success(lpacChipInfo(description))
      at.json({ rig: at.device.rig.name, ...view })
      for (const line of showInfo(view)) at.terminal.line(line)
      return 0
    }),
  )
