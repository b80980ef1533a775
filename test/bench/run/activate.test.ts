import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunSummary } from '../../../src/bench/api-contract.ts'
import { openStore } from '../../../src/bench/store/store.ts'
import { runProgram } from '../../../src/cli/main.ts'
import type { ApduExchanged, BenchEvent, HttpExchanged } from '../../../src/evidence/events.ts'
import { readEvidence } from '../../../src/evidence/evidence-file.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'
import { SHARED } from '../../paths.ts'

const shared = SHARED
const reason = existsSync(shared) ? '' : ' (skipped: ../shared is not there)'

interface Result {
  verdict: string
  cause?: string
  rig: string
  steps: { step: number; name: string; verdict: string; ms: number }[]
  apdus: number
  evidence: string
}
const eventsOf = ({ evidence }: Result): BenchEvent[] =>
  readEvidence(dirname(evidence), basename(evidence).replace('.jsonl', ''))

describe('run activate, over real sockets, with the software eUICC', () => {
  let place: Place
  let result: Result
  let events: BenchEvent[]
  beforeAll(async () => {
    place = createCliFixture()
    const ran = await place.run('run', 'activate', '--json')
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.out.trimEnd().split('\n')).toHaveLength(1)
    result = ran.json<Result>()
    events = eventsOf(result)
  })
  afterAll(() => place.remove())

  it('The run passes its eight steps and prints the fixed JSON', () => {
    expect(result).toEqual({
      verdict: 'pass',
      rig: 'software',
      steps: Array.from({ length: 8 }, (_, i) => ({
        step: i + 1,
        name: expect.any(String),
        verdict: 'pass',
        ms: expect.any(Number),
      })),
      apdus: expect.any(Number),
      evidence: expect.stringContaining(place.home),
    })
  })

  it('The evidence assigns each decoded exchange to its step', () => {
    const apdus = events.filter((event): event is ApduExchanged => event.kind === 'apdu')
    expect(apdus).toHaveLength(result.apdus)
    const labelOf = (event: BenchEvent): string => ('label' in event ? event.label : '')
    const getStepName = (label: string): number | undefined =>
      events.find(event => labelOf(event).startsWith(label))?.step
    expect(getStepName('service GET /v1/providers')).toBe(1)
    expect(getStepName('portal GET /')).toBe(2)
    expect(getStepName('ES2+.DownloadOrder')).toBe(3)
    expect(getStepName('ES2+.ReleaseProfile')).toBe(3)
    expect(getStepName('ES9+.InitiateAuthentication')).toBe(5)
    expect(getStepName('ES10b.AuthenticateServer')).toBe(5)
    expect(getStepName('ES9+.GetBoundProfilePackage')).toBe(6)
    expect(getStepName('ES10b.LoadBoundProfilePackage')).toBe(6)
    expect(getStepName('ES10c.EnableProfile')).toBe(6)
    expect(getStepName('AUTHENTICATE')).toBe(6)
    expect(getStepName('GetBalance')).toBe(8)
    const authenticate = events.find(event => labelOf(event) === 'ES9+.AuthenticateClient') as HttpExchanged
    expect(authenticate.decoded?.response).toMatchObject({
      header: { functionExecutionStatus: { status: 'Executed-Success' } },
      profileMetadata: { serviceProviderName: 'Bench Mobile' },
    })
    const challenge = apdus.find(({ label }) => label.startsWith('ES10b.GetEUICCChallenge'))
    expect(challenge?.decoded?.response).toEqual({ euiccChallenge: expect.stringMatching(/^[0-9a-f]{32}$/) })
  })

  it('The evidence contains no secrets', () => {
    const text = JSON.stringify(events)
    const authenticated = events.filter(
      (event): event is ApduExchanged => event.kind === 'apdu' && event.label === 'AUTHENTICATE',
    )
    expect(authenticated).toHaveLength(1)
    // RES remains; CK, IK and Kc are zeros.
    expect(authenticated[0]!.response).toMatch(/^db08[0-9a-f]{16}0+9000$/)
    for (const header of ['cookie', 'set-cookie', 'authorization'])
      for (const [, value] of text.matchAll(new RegExp(`"${header}":"([^"]*)"`, 'gi'))) expect(value).toBe('[redacted]')
    expect(text).not.toMatch(/password=(?!%5Bredacted)/)
    expect(text).not.toMatch(/csrf=(?!%5Bredacted)/)
  })

  it('The store contains the run', async () => {
    const store = await openStore(join(place.home, 'store.db'))
    const runs: RunSummary[] = await store.runs()
    expect(runs).toMatchObject([{ verdict: 'pass', state: 'ended', apdus: result.apdus, lastSeq: events.length }])
    await store.close()
  })

  it('A second run passes on the same card, which then holds both profiles', async () => {
    expect((await place.run('run', 'activate')).exitCode).toBe(0)
    const { profiles } = (await place.run('card', 'list', '--json')).json<{
      profiles: { iccid: string; state: string; serviceProvider: string }[]
    }>()
    expect(profiles.map(({ state }) => state)).toEqual(['disabled', 'enabled'])

    const [first, second] = profiles.map(({ iccid }) => iccid) as [string, string]
    expect((await place.run('card', 'enable', first, '--no-notify')).out).toContain(`${first} is enabled`)
    expect((await place.run('card', 'nickname', first, 'holiday')).exitCode).toBe(0)
    expect((await place.run('card', 'delete', first, '--yes')).err).toMatch(/is enabled; disable it first/)
    expect((await place.run('card', 'disable', first, '--json', '--yes', '--no-notify')).json()).toMatchObject({
      profile: { iccid: first, state: 'disabled', nickname: 'holiday' },
    })
    expect((await place.run('card', 'delete', second, '--yes', '--no-notify')).exitCode).toBe(0)
    const { notifications } = (await place.run('card', 'notifications', 'list', '--json')).json<{
      notifications: { operation: string; iccid: string }[]
    }>()
    expect(notifications.map(({ operation }) => operation)).toEqual([
      'notificationDisable',
      'notificationEnable',
      'notificationDisable',
      'notificationDelete',
    ])
    expect((await place.run('card', 'list')).out).toContain('holiday')
    expect((await place.run('card', 'info', '--json')).json()).toMatchObject({ eid: expect.stringMatching(/^\d{32}$/) })
  })

  it('The terminal shows a line for each step, the verdict, and the evidence file', async () => {
    const { out } = await place.run('run', 'activate', '--rig', 'software')
    for (let step = 1; step <= 8; step++) expect(out).toMatch(new RegExp(`✓ ${step}  .* ms`))
    expect(out).toMatch(/pass on the software eUICC: 8 of 8 steps passed/)
    expect(out).toMatch(/evidence: .*\.jsonl/)
  })
})

describe('run activate', () => {
  it('An interrupted run is recorded as blocked and releases the state folder', async () => {
    const place = createCliFixture()
    const interrupt = new AbortController()
    const { runtime, out } = place.runtimeOf(interrupt.signal)
    const write = (text: string): void => {
      runtime.out.write(text)
      if (text.includes('✓ 2')) interrupt.abort()
    }
    expect(await runProgram({ ...runtime, out: { write } }, ['run', 'activate'])).toBe(1)
    expect(out()).toMatch(/blocked \(bench\).*the run was interrupted/)
    const path = /evidence: (.*)/.exec(out())![1]!
    const last = readEvidence(dirname(path), basename(path).replace('.jsonl', '')).at(-1)
    expect(last).toMatchObject({ kind: 'run-ended', verdict: 'blocked', cause: 'bench' })
    expect((await place.run('run', 'activate')).exitCode).toBe(0)
    place.remove()
  })

  it('The run passes on brainpoolP256r1', async () => {
    const place = createCliFixture()
    const ran = await place.run('run', 'activate', '--curve', 'brainpool', '--json')
    expect(ran.json<Result>().verdict).toBe('pass')
    place.remove()
  })

  it.skipIf(reason !== '').each(['nist', 'brainpool'] as const)(
    `takes a TS.48 profile twice with the certificates of SGP.26 on %s${reason}`,
    async curve => {
      const place = createCliFixture()
      const profile = join(shared, 'ts48', 'TS48v5_SAIP2.3_NoBERTLV.der')
      const args = [
        'run',
        'activate',
        '--certs',
        join(shared, 'sgp26'),
        '--curve',
        curve,
        '--profile',
        profile,
        '--json',
      ]
      for (let round = 0; round < 2; round++) {
        const ran = await place.run(...args)
        expect(ran).toMatchObject({ exitCode: 0, err: '' })
      }
      place.remove()
    },
  )
})
