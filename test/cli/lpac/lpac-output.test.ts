import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lpacFunction, toSnakeCase } from '../../../src/cli/lpac/lpac-json-output.ts'
import { openThere, runTyping, type There } from '../card/card-fixture.ts'
import type { Ran } from '../runtime.ts'

interface Line {
  readonly type: string
  readonly payload: { readonly code: number; readonly message: string; readonly data: unknown }
}

let there: There
beforeAll(async () => {
  there = await openThere()
})
afterAll(() => there.close())

const lpac = (...args: string[]): Promise<Ran> =>
  there.here.run('card', 'as-lpac', ...there.place, ...there.toServer, '--', ...args)
const linesOf = ({ out }: Ran): Line[] =>
  out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Line)
const told = (ran: Ran): string[] => linesOf(ran).map(({ payload }) => payload.message)
const resultOf = (ran: Ran): Line['payload'] => {
  const last = linesOf(ran).at(-1)!
  expect(last.type).toBe('lpa')
  return last.payload
}

// Each expectation here is what lpac 2.3.0 printed to the same card and server.
describe("lpac's arguments", () => {
  let iccid: string

  it('profile download prints each step in order and leaves the notification pending', async () => {
    const order = await there.order()
    iccid = order.iccid
    const ran = await lpac('profile', 'download', '-s', there.smdpHost, '-m', order.matchingId)
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    const lines = linesOf(ran)
    expect(told(ran)).toEqual([
      'es10b_get_euicc_challenge_and_info',
      'es9p_initiate_authentication',
      'es10b_authenticate_server',
      'es9p_authenticate_client',
      'es8p_metadata_parse',
      'es10b_prepare_download',
      'es9p_get_bound_profile_package',
      'es10b_load_bound_profile_package',
      'success',
    ])
    expect(lines[0]).toEqual({
      type: 'progress',
      payload: { code: 0, message: 'es10b_get_euicc_challenge_and_info', data: there.smdpHost },
    })
    expect(lines[4]!.payload.data).toEqual({
      iccid,
      serviceProviderName: 'Bench Mobile',
      profileName: 'Bench Mobile data',
      iconType: null,
      icon: null,
      profileClass: null,
    })
    expect(resultOf(ran).data).toEqual({ seqNumber: 0, iccid, bppCommandId: 'unknown', errorReason: 'unknown' })
    expect(resultOf(await lpac('notification', 'list')).data).toEqual([
      { seqNumber: 0, profileManagementOperation: 'install', notificationAddress: there.smdpHost, iccid },
      { seqNumber: 1, profileManagementOperation: 'install', notificationAddress: there.smdpHost, iccid },
    ])
  })

  it('profile download accepts an activation code and fails as lpac does: canceled, exit code 255', async () => {
    const { matchingId } = await there.order('77')
    const ran = await lpac('profile', 'download', '-a', `LPA:1$${there.smdpHost}$${matchingId}`)
    expect(ran.exitCode).toBe(255)
    expect(told(ran).slice(-4)).toEqual([
      'es10b_prepare_download',
      'es10b_cancel_session',
      'es9p_cancel_session',
      'es10b_prepare_download',
    ])
    expect(resultOf(ran).code).toBe(-1)
    const right = await lpac('profile', 'download', '-s', there.smdpHost, '-m', matchingId, '-c', '77')
    expect(right.exitCode).toBe(0)
    const nobody = await lpac('profile', 'download')
    expect(nobody.exitCode).toBe(255)
    expect(linesOf(nobody).map(({ payload }) => [payload.message, payload.data])).toEqual([
      ['es10a_get_euicc_configured_addresses', null],
      ['es10b_cancel_session', null],
      ['es9p_cancel_session', null],
      ['smdp', 'empty'],
    ])
  })

  it('profile download -p shows the profile and waits for y', async () => {
    for (const [answer, exitCode] of [
      ['y\n', 0],
      ['n\n', 255],
    ] as const) {
      const { matchingId } = await there.order()
      const args = ['card', 'as-lpac', ...there.place, ...there.toServer, '--', 'profile', 'download', '-p']
      const ran = await runTyping(there.here, { input: answer }, [...args, '-s', there.smdpHost, '-m', matchingId])
      expect(ran.exitCode).toBe(exitCode)
      expect(told(ran)[5]).toBe('preview')
      if (exitCode !== 0) expect(resultOf(ran)).toMatchObject({ code: -1, message: 'cancelled' })
    }
  })

  it('profile list, enable, disable, nickname and delete print the output of lpac', async () => {
    const [listed] = resultOf(await lpac('profile', 'list')).data as [Record<string, unknown>]
    expect(Object.keys(listed)).toEqual([
      ...['iccid', 'isdpAid', 'profileState', 'profileNickname', 'serviceProviderName', 'profileName'],
      ...['iconType', 'icon', 'profileClass'],
    ])
    expect(listed).toMatchObject({
      iccid,
      profileState: 'disabled',
      profileNickname: null,
      profileClass: 'operational',
    })
    for (const args of [
      ['enable', iccid, '0'],
      ['disable', String(listed.isdpAid), '1'],
      ['nickname', iccid, 'Travel'],
    ]) {
      const ran = await lpac('profile', ...args)
      expect(ran).toMatchObject({ exitCode: 0, err: '' })
      expect(linesOf(ran)).toEqual([{ type: 'lpa', payload: { code: 0, message: 'success', data: null } }])
    }
    const notThere = '8949001000000000009'
    for (const [args, message, data] of [
      [['enable', notThere], 'es10c_enable_profile', 'iccid or aid not found'],
      [['disable', iccid], 'es10c_disable_profile', 'profile not in enabled state'],
      [['delete', notThere], 'es10c_delete_profile', 'iccid or aid not found'],
      [['nickname', notThere, 'x'], 'es10c_set_nickname', 'iccid not found'],
    ] as const) {
      const ran = await lpac('profile', ...args)
      expect(ran.exitCode).toBe(255)
      expect(linesOf(ran)).toEqual([{ type: 'lpa', payload: { code: -1, message, data } }])
    }
    await lpac('profile', 'enable', iccid)
    expect(resultOf(await lpac('profile', 'delete', iccid))).toEqual({
      ...{ code: -1, message: 'es10c_delete_profile', data: 'profile not in disabled state' },
    })
  })

  it('chip info has the keys of lpac', async () => {
    const data = resultOf(await lpac('chip', 'info')).data as Record<string, Record<string, unknown>>
    expect(Object.keys(data)).toEqual([
      ...['eidValue', 'EuiccConfiguredAddresses', 'EUICCInfo2', 'rulesAuthorisationTable'],
    ])
    expect(Object.keys(data.EUICCInfo2!)).toEqual([
      ...['profileVersion', 'svn', 'euiccFirmwareVer', 'extCardResource', 'uiccCapability', 'ts102241Version'],
      ...['globalplatformVersion', 'rspCapability', 'euiccCiPKIdListForVerification', 'euiccCiPKIdListForSigning'],
      ...['euiccCategory', 'ppVersion', 'sasAcreditationNumber', 'certificationDataObject'],
    ])
    expect(data.rulesAuthorisationTable).toEqual([
      {
        pprIds: ['ppr1', 'ppr2'],
        allowedOperators: [{ plmn: 'eeeeee', gid1: null, gid2: null }],
        pprFlags: ['consentRequired'],
      },
    ])
  })

  it('notification dump, process and remove print the output of lpac', async () => {
    const dump = await lpac('notification', 'dump', '-a')
    // lpac ends a dump without a last line.
    expect(linesOf(dump).filter(({ type }) => type !== 'notification')).toEqual([])
    const [first] = linesOf(dump) as unknown as [Record<string, unknown>]
    expect(Object.keys(first)).toEqual(['type', 'eid', 'seqNumber', 'notificationAddress', 'pendingNotification'])
    const kept = await lpac('notification', 'process', '0')
    expect(linesOf(kept).map(({ payload }) => [payload.message, payload.data])).toEqual([
      ['es10b_retrieve_notifications_list', '0'],
      ['es9p_handle_notification', '0'],
      ['success', null],
    ])
    const gone = await lpac('notification', 'process', '-r', '0')
    expect(told(gone)).toEqual([
      ...['es10b_retrieve_notifications_list', 'es9p_handle_notification'],
      ...['es10b_remove_notification_from_list', 'success'],
    ])
    const again = await lpac('notification', 'remove', '0')
    expect(again.exitCode).toBe(255)
    expect(resultOf(again)).toMatchObject({
      ...{ message: 'es10b_remove_notification_from_list', data: 'seqNumber not found' },
    })
    const missing = await lpac('notification', 'process', '0')
    expect(linesOf(missing).map(({ payload }) => [payload.code, payload.message, payload.data])).toEqual([
      [0, 'es10b_retrieve_notifications_list', '0'],
      [-1, 'es10b_retrieve_notifications_list', ''],
    ])
    const all = await lpac('notification', 'process', '-a', '-r')
    expect(all.exitCode).toBe(0)
    expect(linesOf(all)[0]!.payload).toEqual({ code: 0, message: 'es10b_list_notification', data: null })
    expect(resultOf(await lpac('notification', 'list')).data).toEqual([])
  })

  it('--lpac works with the names of esim-bench and excludes --json', async () => {
    const ran = await there.card('list', '--lpac')
    expect(resultOf(ran)).toMatchObject({ code: 0, message: 'success' })
    expect((await there.card('list', '--lpac', '--json')).exitCode).toBe(2)
    const folder = join(there.here.folder, 'rigs')
    const { mkdirSync } = await import('node:fs')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'desk.yaml'), 'name: desk\nlink: {pcsc: {reader: ACR39U}}\n')
    const away = await there.card('list', '--lpac', '--rig', 'desk')
    expect(away.exitCode).toBe(255)
    expect(resultOf(away)).toMatchObject({ code: -1, message: 'euicc_init' })
  })
})

it.each([
  ['ES9+.InitiateAuthentication', 'es9p_initiate_authentication'],
  ['ES10a.SetDefaultDpAddress', 'es10a_set_default_dp_address'],
  ['ES10b.GetEUICCInfo2', 'es10b_get_euicc_info2'],
  ['ES10c.eUICCMemoryReset', 'es10c_euicc_memory_reset'],
])('lpacFunction converts %s to %s', (step, name) => {
  expect(lpacFunction(step)).toBe(name)
})

it.each([
  ['initialiseSecureChannel', 'initialise_secure_channel'],
  ['installFailedDueToPEProcessingError', 'install_failed_due_to_pe_processing_error'],
  ['loadProfileElements', 'load_profile_elements'],
])('toSnakeCase converts %s to %s', (name, expected) => {
  expect(toSnakeCase(name)).toBe(expected)
})
