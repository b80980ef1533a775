import { type Optional, optional } from '../../asn1/constructed.ts'
import { oid } from '../../asn1/primitives.ts'
import type { Schema, TaggedSchema } from '../../asn1/schema.ts'
import { automatic } from './automatic-tags.ts'
import { File, PEHeader } from './file.ts'

/**
 * The value of a PE that creates files from a template: its header (with a different name in each PE), `templateID`,
 * and a `File` under the name of each present file. SAIP §8.3.2 to §8.3.4, annex A.
 */
export interface FileSystemElement {
  readonly templateID: string
  readonly [name: string]: PEHeader | string | File | undefined
}

/** The files of each PE in the order of their tags; `?` marks OPTIONAL. */
const FILES = {
  mf: 'mf ef-pl? ef-iccid ef-dir ef-arr ef-umpc?',
  cd: 'df-cd ef-launchpad? ef-icon?',
  telecom: `df-telecom ef-arr? ef-rma? ef-sume? ef-ice-dn? ef-ice-ff? ef-psismsc? df-graphics? ef-img? ef-iidf?
    ef-ice-graphics? ef-launch-scws? ef-icon? df-phonebook? ef-pbr? ef-ext1? ef-aas? ef-gas? ef-psc? ef-cc? ef-puid?
    ef-iap? ef-adn? ef-pbc? ef-anr? ef-puri? ef-email? ef-sne? ef-uid? ef-grp? ef-ccp1? df-multimedia? ef-mml?
    ef-mmdf? df-mmss? ef-mlpl? ef-mspl? ef-mmssmode? df-mcs? ef-mst? ef-mcs-config? df-v2x? ef-vst? ef-v2x-config?
    ef-v2xp-pc5? ef-v2xp-Uu?`,
  usim: `adf-usim ef-imsi ef-arr ef-keys? ef-keysPS? ef-hpplmn? ef-ust ef-fdn? ef-sms? ef-smsp? ef-smss? ef-spn ef-est
    ef-start-hfn? ef-threshold? ef-psloci? ef-acc ef-fplmn? ef-loci? ef-ad? ef-ecc ef-netpar? ef-epsloci? ef-epsnsc?`,
  'opt-usim': `ef-li? ef-acmax? ef-acm? ef-gid1? ef-gid2? ef-msisdn? ef-puct? ef-cbmi? ef-cbmid? ef-sdn? ef-ext2?
    ef-ext3? ef-cbmir? ef-plmnwact? ef-oplmnwact? ef-hplmnwact? ef-dck? ef-cnl? ef-smsr? ef-bdn? ef-ext5? ef-ccp2?
    ef-ext4? ef-acl? ef-cmi? ef-ici? ef-oci? ef-ict? ef-oct? ef-vgcs? ef-vgcss? ef-vbs? ef-vbss? ef-emlpp? ef-aaem?
    ef-hiddenkey? ef-pnn? ef-opl? ef-mbdn? ef-ext6? ef-mbi? ef-mwis? ef-cfis? ef-ext7? ef-spdi? ef-mmsn? ef-ext8?
    ef-mmsicp? ef-mmsup? ef-mmsucp? ef-nia? ef-vgcsca? ef-vbsca? ef-gbabp? ef-msk? ef-muk? ef-ehplmn? ef-gbanl?
    ef-ehplmnpi? ef-lrplmnsi? ef-nafkca? ef-spni? ef-pnni? ef-ncp-ip? ef-ufc? ef-nasconfig? ef-uicciari? ef-pws?
    ef-fdnuri? ef-bdnuri? ef-sdnuri? ef-ial? ef-ips? ef-ipd? ef-epdgid? ef-epdgselection? ef-epdgidem?
    ef-epdgselectionem? ef-frompreferred? ef-imsconfigdata? ef-3gpppsdataoff? ef-3gpppsdataoffservicelist?
    ef-xcapconfigdata? ef-earfcnlist? ef-mudmidconfigdata? ef-eaka?`,
  isim: 'adf-isim ef-impi ef-impu ef-domain ef-ist ef-ad? ef-arr',
  'opt-isim': `ef-pcscf? ef-sms? ef-smsp? ef-smss? ef-smsr? ef-gbabp? ef-gbanl? ef-nafkca? ef-uicciari?
    ef-frompreferred? ef-imsconfigdata? ef-xcapconfigdata? ef-webrtcuri? ef-mudmidconfigdata?`,
  phonebook: `df-phonebook ef-pbr? ef-ext1? ef-aas? ef-gas? ef-psc? ef-cc? ef-puid? ef-iap? ef-adn? ef-pbc? ef-anr?
    ef-puri? ef-email? ef-sne? ef-uid? ef-grp? ef-ccp1?`,
  'gsm-access': 'df-gsm-access ef-kc? ef-kcgprs? ef-cpbcch? ef-invscan?',
  csim: `adf-csim ef-arr ef-call-count ef-imsi-m ef-imsi-t ef-tmsi ef-ah ef-aop ef-aloc ef-cdmahome ef-znregi
    ef-snregi ef-distregi ef-accolc ef-term ef-acp ef-prl ef-ruimid ef-csim-st ef-spc ef-otapaspc ef-namlock ef-ota
    ef-sp ef-esn-meid-me ef-li ef-usgind ef-ad ef-max-prl ef-spcs ef-mecrp ef-home-tag ef-group-tag ef-specific-tag
    ef-call-prompt`,
  'opt-csim': `ef-ssci? ef-fdn? ef-sms? ef-smsp? ef-smss? ef-ssfc? ef-spn? ef-mdn? ef-ecc? ef-me3gpdopc?
    ef-3gpdopm? ef-sipcap? ef-mipcap? ef-sipupp? ef-mipupp? ef-sipsp? ef-mipsp? ef-sippapss? ef-puzl? ef-maxpuzl?
    ef-hrpdcap? ef-hrpdupp? ef-csspr? ef-atc? ef-eprl? ef-bcsmscfg? ef-bcsmspref? ef-bcsmstable? ef-bcsmsp?
    ef-bakpara? ef-upbakpara? ef-mmsn? ef-ext8? ef-mmsicp? ef-mmsup? ef-mmsucp? ef-auth-capability? ef-3gcik? ef-dck?
    ef-gid1? ef-gid2? ef-cdmacnl? ef-sf-euimid? ef-est? ef-hidden-key? ef-lcsver? ef-lcscp? ef-sdn? ef-ext2? ef-ext3?
    ef-ici? ef-oci? ef-ext5? ef-ccp2? ef-applabels? ef-model? ef-rc? ef-smscap? ef-mipflags? ef-3gpduppext?
    ef-ipv6cap? ef-tcpconfig? ef-dgc? ef-wapbrowsercp? ef-wapbrowserbm? ef-mmsconfig? ef-jdl?`,
  eap: 'df-eap ef-eapkeys? ef-eapstatus ef-puid? ef-ps? ef-curid? ef-reid? ef-realm?',
  'df-5gs': `df-df-5gs ef-5gs3gpploci? ef-5gsn3gpploci? ef-5gs3gppnsc? ef-5gsn3gppnsc? ef-5gauthkeys? ef-uac-aic?
    ef-suci-calc-info? ef-opl5g? ef-supinai? ef-routing-indicator? ef-ursp? ef-tn3gppsnn? ef-cag? ef-sor-cmci? ef-dri?
    ef-5gsedrx? ef-5gnswo-conf? ef-mchpplmn? ef-kausf-derivation?`,
  'df-saip': 'df-df-saip ef-suci-calc-info-usim?',
  'df-snpn': 'df-df-snpn ef-pws-snpn?',
  'df-5gprose': `df-df-5g-prose ef-5g-prose-st? ef-5g-prose-dd? ef-5g-prose-dc? ef-5g-prose-u2nru? ef-5g-prose-ru?
    ef-5g-prose-uir?`,
  iot: `mf? ef-pl? ef-iccid? ef-dir? ef-arr? ef-umpc? adf-usim? ef-imsi ef-arr-usim? ef-keys? ef-keysPS? ef-hpplmn?
    ef-ust? ef-start-hfn? ef-threshold? ef-psloci? ef-acc ef-fplmn? ef-loci? ef-ad? ef-ecc? ef-netpar?`,
  'opt-iot': `ef-fdn? ef-sms? ef-smsp? ef-smss? ef-spn? ef-est? ef-oplmnwact? ef-hplmnwact? ef-ehplmn? ef-epsloci?
    ef-epsnsc? df-df-5gs? ef-5gs3gpploci? ef-5gsn3gpploci? ef-5gs3gppnsc? ef-5gsn3gppnsc? ef-5gauthkeys? ef-uac-aic?
    ef-suci-calc-info? ef-opl5g? ef-supi-nai? ef-routing-indicator? ef-ursp? ef-tn3gppsnn? df-df-saip?
    ef-suci-calc-info-usim?`,
} as const
export type FileSystemKind = keyof typeof FILES

/** The names of the PEHeader that are not `<kind>-header`. */
const HEADER_NAMES: Partial<Record<FileSystemKind, string>> = {
  'opt-usim': 'optusim-header',
  'opt-isim': 'optisim-header',
  'opt-csim': 'optcsim-header',
  'opt-iot': 'optiot-header',
  'df-5gprose': 'df-5g-prose-header',
}
export const getHeaderName = (kind: FileSystemKind): string => HEADER_NAMES[kind] ?? `${kind}-header`

/** Returns the names of the files of this PE kind in order. */
export const getFileNames = (kind: FileSystemKind): readonly string[] =>
  FILES[kind].split(/\s+/).map(name => name.replace('?', ''))

const schemaOf = (kind: FileSystemKind): TaggedSchema<FileSystemElement> => {
  const components: Record<string, Schema<unknown> | Optional<unknown>> = {
    [getHeaderName(kind)]: PEHeader as Schema<unknown>,
    templateID: oid() as Schema<unknown>,
  }
  for (const word of FILES[kind].split(/\s+/)) {
    const name = word.replace('?', '')
    components[name] = word === name ? (File as Schema<unknown>) : optional(File as Schema<unknown>)
  }
  return automatic(components, `PE-${kind.toUpperCase()}`) as unknown as TaggedSchema<FileSystemElement>
}

/** PE-MF, PE-CD, … PE-OPT-IoT by the name of their alternative in ProfileElement. */
export const FileSystemElements = Object.fromEntries(
  (Object.keys(FILES) as FileSystemKind[]).map(kind => [kind, schemaOf(kind)]),
) as unknown as { readonly [K in FileSystemKind]: TaggedSchema<FileSystemElement> }
