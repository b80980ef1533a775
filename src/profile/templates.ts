import type { FileSystemKind } from './elements/file-system.ts'
import { CSIM, OPT_CSIM } from './templates/csim.ts'
import { ISIM, OPT_ISIM } from './templates/isim.ts'
import { CD, MF } from './templates/mf.ts'
import { PHONEBOOK, TELECOM } from './templates/telecom.ts'
import type { TemplateFile } from './templates/template-file.ts'
import { OPT_USIM, USIM, USIM_V2 } from './templates/usim.ts'
import {
  DF_5GPROSE,
  DF_5GS,
  DF_5GS_V3,
  DF_5GS_V4,
  DF_SAIP,
  DF_SNPN,
  EAP,
  GSM_ACCESS,
} from './templates/usim-directories.ts'

/** A file structure template (SAIP §8.3.3, annex A): the files that a PE with this OID creates. */
export interface Template {
  readonly oid: string
  readonly kind: FileSystemKind
  readonly files: readonly TemplateFile[]
  /** The files exist even if the PE does not list them ("created by default"), unless it contains doNotCreate. */
  readonly createdByDefault: boolean
}

const ROOT = '2.23.143.1.2.'
const template = (
  number: string,
  kind: FileSystemKind,
  files: readonly TemplateFile[],
  createdByDefault = false,
): Template => ({ oid: ROOT + number, kind, files, createdByDefault })

/** The files of the IoT minimal profile: the MF and a USIM in one PE; its EF.ARR has another name (SAIP §7.5). */
const IOT = [...MF, ...USIM.map(file => (file.name === 'ef-arr' ? { ...file, name: 'ef-arr-usim' } : file))]
const OPT_IOT = [
  // PE-OPT-IoT adds files to an existing ADF, so it has no row for the ADF.
  ...USIM.filter(file => file.type !== 'ADF'),
  ...OPT_USIM,
  ...DF_5GS_V4.map(file => (file.name === 'ef-supinai' ? { ...file, name: 'ef-supi-nai' } : file)),
  ...DF_SAIP,
]

const TEMPLATES: readonly Template[] = [
  template('1', 'mf', MF, true),
  template('2', 'cd', CD),
  template('3', 'telecom', TELECOM),
  template('3.2', 'telecom', TELECOM),
  template('4', 'usim', USIM, true),
  template('4.2', 'usim', USIM_V2, true),
  template('5', 'opt-usim', OPT_USIM),
  template('5.2', 'opt-usim', OPT_USIM),
  template('5.3', 'opt-usim', OPT_USIM),
  template('6', 'phonebook', PHONEBOOK),
  template('7', 'gsm-access', GSM_ACCESS),
  template('8', 'isim', ISIM, true),
  template('9', 'opt-isim', OPT_ISIM),
  template('9.2', 'opt-isim', OPT_ISIM),
  template('10', 'csim', CSIM, true),
  template('10.2', 'csim', CSIM, true),
  template('11', 'opt-csim', OPT_CSIM),
  template('11.2', 'opt-csim', OPT_CSIM),
  template('12', 'eap', EAP),
  template('13', 'df-5gs', DF_5GS),
  template('13.2', 'df-5gs', DF_5GS),
  template('13.3', 'df-5gs', DF_5GS_V3),
  template('13.4', 'df-5gs', DF_5GS_V4),
  template('14', 'df-saip', DF_SAIP),
  template('15', 'df-snpn', DF_SNPN),
  template('16', 'df-5gprose', DF_5GPROSE),
  template('17', 'iot', IOT, true),
  template('18', 'opt-iot', OPT_IOT),
]
const byOid = new Map(TEMPLATES.map(entry => [entry.oid, entry]))

export const getTemplate = (oid: string): Template | undefined => byOid.get(oid)
