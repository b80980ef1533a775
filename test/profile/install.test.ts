import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/asn1/bytes.ts'
import { decodeEuiccResponse, encodeEuiccResponse } from '../../src/profile/euicc-response.ts'
import { walkFiles } from '../../src/profile/file-tree.ts'
import { type CardCapabilities, installProfile, SUPPORTED_SERVICES } from '../../src/profile/install.ts'
import { decodeProfilePackage } from '../../src/profile/package.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from './ts48.ts'

const capabilities: CardCapabilities = { services: new Set(SUPPORTED_SERVICES), freeMemory: 500_000 }

describe.skipIf(ts48Missing)(`installProfile with TS.48 profiles${ts48Reason}`, () => {
  it.each(TS48_NAMES)('installProfile installs %s completely', name => {
    const pkg = decodeProfilePackage(readTs48(name))
    const outcome = installProfile(pkg, capabilities)
    expect('reason' in outcome ? outcome : 'installed').toBe('installed')
    const { profile, statuses, response } = outcome
    expect(statuses).toHaveLength(pkg.elements.length)
    expect(statuses.every(({ status }) => status === 'ok')).toBe(true)
    // The simaResponse of real cards for success.
    expect(toHex(encodeEuiccResponse(response))).toBe('3007a0053003800100')
    expect(profile!.applications.map(adf => toHex(adf.aid!).slice(0, 14))).toContain('a0000000871002')
    expect(toHex(profile!.files.get('3f00/2fe2')!.initialContent)).toBe('98001032547698103214')
    const usim = profile!.applications.find(adf => toHex(adf.aid!).startsWith('a0000000871002'))!
    const imsi = usim.children.get(0x6f07)
    expect(imsi?.kind === 'EF' && toHex(imsi.initialContent)).toBe('080910101032540636')
    const files = [...walkFiles(profile!.mf), ...profile!.applications.flatMap(adf => [...walkFiles(adf)])]
    expect(files.length).toBeGreaterThan(150)
    expect(profile!.memory).toBeGreaterThan(10_000)
  })
})

describe('EUICCResponse', () => {
  it('EUICCResponse contains the failed element and that nothing was installed', () => {
    const response = {
      peStatus: [{ status: 'not-enough-memory', identification: 9 } as const],
      profileInstallationAborted: null,
      statusMessage: 'full',
    }
    const bytes = encodeEuiccResponse(response)
    expect(toHex(bytes)).toBe('3012a008300680010481010981008204' + '66756c6c')
    expect(decodeEuiccResponse(bytes)).toEqual(response)
  })
})
