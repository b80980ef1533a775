import { toHex } from '../../../asn1/bytes.ts'
import { describeEuicc } from '../../../lpa/euicc.ts'
import type { CardOptions } from '../options.ts'
import { type CardWorld, onIsdr, withCard } from './at-card.ts'
import { showInfo, viewInfo } from './info-view.ts'
import { lpacChipInfo } from './lpac-view.ts'

export const infoCommand = (world: CardWorld, options: CardOptions): Promise<number> =>
  withCard(world, options, at =>
    onIsdr(at, async isdr => {
      const description = await describeEuicc(isdr)
      const { subjectKeyId } = at.workplace.pki.ci.certificate
      const view = viewInfo({
        description,
        isdrAid: isdr.aid,
        isdrSvn: isdr.template?.svn,
        atr: at.device.card.atr,
        ownCi: subjectKeyId && toHex(subjectKeyId),
      })
      at.lpac?.success(lpacChipInfo(description))
      at.json({ rig: at.device.rig.name, ...view })
      for (const line of showInfo(view)) at.terminal.line(line)
      return 0
    }),
  )
