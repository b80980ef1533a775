import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { chooseProfile } from '../../../src/modem/profile.ts'
import { readModemProfiles } from '../../../src/rigs/links/modem-profiles.ts'
import { ROOT } from '../../paths.ts'

const OURS = join(ROOT, 'rigs', 'modems')
const identity = (manufacturer: string, model: string, information?: string) => ({
  imei: undefined,
  firmware: undefined,
  manufacturer,
  model,
  information,
})

describe('modem profiles', () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
  const folderWith = (files: Record<string, string>): string => {
    const folder = mkdtempSync(join(tmpdir(), 'esim-bench-modems-'))
    folders.push(folder)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return folder
  }

  it.each([
    ['Sierra Wireless, Incorporated', 'MC7455', 'sierra-mc7455-em75xx'],
    ['Sierra Wireless, Incorporated', 'EM7590', 'sierra-mc7455-em75xx'],
    ['Sierra Wireless, Incorporated', 'EM9191', 'sierra-em919x'],
    ['Fibocom Wireless Inc.', 'FG132-NA', 'fibocom-fg132'],
    ['Fibocom Wireless Inc.', 'FM350-GL', 'fibocom-fm350'],
    ['Fibocom Wireless Inc.', 'L860-GL-16', 'fibocom-l860'],
    ['Quectel', 'EM05-G', 'quectel-em05-g'],
    ['Quectel', 'EG25', 'quectel-eg25-g'],
    ['Quectel', 'EC20F', 'quectel-ec20'],
    ['Quectel', 'EM061K-GL', 'quectel-em061k-gl'],
    ['SIMCOM INCORPORATED', 'A7908E', 'simcom-a7908e'],
    ['SIMCOM INCORPORATED', 'SIMCOM_SIM7600G-H', 'simcom-sim7600'],
    ['Telit', 'LE910C4-NF', 'telit-le910c4'],
    ['Huawei Technologies Co., Ltd.', 'ME909s-120', 'huawei'],
    ['Foxconn', 'T99W696', 'foxconn-t99w696'],
    ['Dell', 'DW5821e Snapdragon X20 LTE', 'dell-dw5821e'],
    ['EIGENCOMM', 'EC618', 'eigencomm'],
    ['Somebody', 'Something', 'generic'],
  ])('of %s %s is %s', (manufacturer, model, name) => {
    const profiles = readModemProfiles([OURS])
    expect(chooseProfile(profiles, identity(manufacturer, model)).name).toBe(name)
  })

  it('each modem profile names its source and reset method', () => {
    for (const { name, source, reset } of readModemProfiles([OURS])) {
      expect([name, reset?.length]).toEqual([name, expect.any(Number)])
      if (name !== 'generic')
        expect([name, source]).toEqual([name, expect.arrayContaining([expect.stringMatching(/#\d+$/)])])
    }
  })

  it('modem profiles of a user have priority, and all given properties must match', () => {
    const mine = folderWith({
      'a.yaml': 'name: mine\nmatch: { manufacturer: quectel, information: "EG25.*A06" }\nsegmentSize: 120\n',
      'b.yaml': 'name: generic\ndeadlines: { apdu: 60000 }\n',
    })
    const profiles = readModemProfiles([OURS, mine])
    expect(chooseProfile(profiles, identity('Quectel', 'EG25', 'Quectel EG25 Revision: EG25GGBR07A06'))).toMatchObject({
      name: 'mine',
      segmentSize: 120,
    })
    expect(chooseProfile(profiles, identity('Quectel', 'EG25', 'Quectel EG25 A08')).name).toBe('quectel-eg25-g')
    expect(chooseProfile(profiles, identity('?', '?'))).toMatchObject({ name: 'generic', deadlines: { apdu: 60_000 } })
    expect(chooseProfile([], identity('?', '?'))).toMatchObject({ name: 'generic', wake: ['AT+ECSIMSLEEP=0'] })
  })

  it.each([
    [
      'name: x\nmatch: { modle: EG25 }\n',
      /a\.yaml, line 2, column 10: there is no key `modle` here; did you mean `model`\?/,
    ],
    ['name: x\nsegmentsize: 3\n', /line 2, column 1: .*did you mean `segmentSize`\?/],
    ['name: x\nsegmentSize: 300\n', /line 2, column 14: segmentSize/],
    ['name: x\nmatch: {}\n', /line 2, column 8: match: needs one of the keys manufacturer, model or information/],
    ['name: x\nmatch: { model: "EG25(" }\n', /line 2, column 17: match\.model: not a valid regular expression/],
    ['name: x\ninit: [ECSIMSLEEP=0]\n', /line 2, column 8: init\.0: an AT command, beginning with AT/],
    ['name: x\nreset: [{ wait: 0 }]\n', /line 2, column \d+: reset\.0/],
    ['name: x\nreset: []\n', /line 2, column \d+: reset/],
    ['name: x\nquirks: { noTestCommand: true }\n', /line 2, .*did you mean `noTestCommands`\?/],
  ])('that are wrong are refused with their line: %j', (text, message) => {
    expect(() => readModemProfiles([folderWith({ 'a.yaml': text })])).toThrow(message)
  })

  it('readModemProfiles rejects a duplicate name and accepts a missing folder', () => {
    const twice = folderWith({ 'a.yaml': 'name: x\n', 'b.yaml': 'name: x\n' })
    expect(() => readModemProfiles([twice])).toThrow(/b\.yaml: the modem profile x is already defined in .*a\.yaml/)
    expect(readModemProfiles([join(twice, 'nowhere')])).toEqual([])
  })
})
