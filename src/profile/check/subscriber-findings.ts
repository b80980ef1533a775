import { unpackImsi } from '../digits.ts'
import type { Directory, InstalledProfile } from '../file-tree.ts'
import { getElements, type ProfilePackage } from '../package.ts'
import type { ProfileFinding } from './finding.ts'

/** Four to eight ASCII digits, then 'FF' (TS 102 221 §9.5.1). */
const isPin = (value: Uint8Array): boolean => /^3\d(3\d){3,7}(ff)*$/.test(Buffer.from(value).toString('hex'))
const isPuk = (value: Uint8Array): boolean => value.every(octet => octet >= 0x30 && octet <= 0x39)
const isApplicationPin = (reference: number): boolean => (reference & 0x7f) >= 1 && (reference & 0x7f) <= 8

/** Each PIN can be entered on a keypad, and no counter starts at zero (SAIP §8.4). */
export const pinFindings = (pkg: ProfilePackage): ProfileFinding[] => {
  const findings: ProfileFinding[] = []
  const report = (message: string, element: { identification?: number; offset: number }): void => {
    const { identification, offset } = element
    findings.push({
      rule: 'pin-format',
      severity: 'error',
      message,
      offset,
      ...(identification !== undefined && { identification }),
    })
  }
  for (const element of getElements(pkg, 'pinCodes'))
    for (const pin of element.value.pinCodes.pinconfig ?? []) {
      if (isApplicationPin(pin.keyReference) && !isPin(pin.pinValue))
        report(`PIN ${pin.keyReference} does not have 4 to 8 digits padded with FF`, element)
      checkTries(`PIN ${pin.keyReference}`, pin['maxNumOfAttemps-retryNumLeft'], message => report(message, element))
    }
  for (const element of getElements(pkg, 'pukCodes'))
    for (const puk of element.value.pukCodes) {
      if (!isPuk(puk.pukValue)) report(`PUK ${puk.keyReference} does not have 8 digits`, element)
      checkTries(`PUK ${puk.keyReference}`, puk['maxNumOfAttemps-retryNumLeft'], message => report(message, element))
    }
  return findings
}

const checkTries = (name: string, tries: number, report: (message: string) => void): void => {
  const [most, left] = [tries >> 4, tries & 0x0f]
  if (most === 0 || left > most) report(`${name} allows ${most} tries and has ${left} left`)
}

/** USIM and ISIM (AIDs of TS 101 220 annex E) have an IMSI and authentication. Without them no device registers. */
export const subscriberFindings = (profile: InstalledProfile, usim: Directory | undefined): ProfileFinding[] => {
  const findings: ProfileFinding[] = []
  for (const adf of profile.applications) {
    const needsAka = /^a000000087100[24]/.test(Buffer.from(adf.aid!).toString('hex'))
    if (needsAka && !profile.aka.has(adf.key))
      findings.push({ rule: 'algorithm', severity: 'error', message: `${adf.key} has no authentication algorithm` })
  }
  if (usim === undefined) return findings
  const imsi = usim.children.get(0x6f07)
  if (imsi?.kind !== 'EF' || unpackImsi(imsi.initialContent) === undefined)
    findings.push({ rule: 'imsi', severity: 'error', message: 'EF.IMSI does not contain an IMSI of 6 to 15 digits' })
  return findings
}
