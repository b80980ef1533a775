import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCliFixture, type Place } from '../../cli/runtime.ts'
import { type FarSmdp, openFarSmdp } from '../../services/smdp/remote-smdp.ts'
import { type Running, startProgram } from './emulator-process.ts'

const rig = (place: Place, name: string, link: string): void => {
  mkdirSync(join(place.folder, 'rigs'), { recursive: true })
  writeFileSync(join(place.folder, 'rigs', `${name}.yaml`), `name: ${name}\nlink:\n  ${link}\n`)
}

/** Somebody on the socket who asks by hand. */
const openClient = (port: number) => {
  const socket = connect(port, '127.0.0.1')
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  return {
    async ask(func: string, param: string | null = null) {
      socket.write(`${JSON.stringify({ type: 'apdu', payload: { func, param } })}\n`)
      const { value, done } = await lines.next()
      return done ? undefined : JSON.parse(value).payload
    },
    close: () => void socket.end(),
  }
}

describe('the software eUICC on a socket', () => {
  const place = createCliFixture()
  let far: FarSmdp
  let plug: Running
  let port: number
  beforeAll(async () => {
    far = await openFarSmdp()
    plug = startProgram(place, 'euicc', 'emulate', '--tcp', '0', '--name', 'one', '--certs', far.certs)
    port = Number((await plug.said(/APDU JSON at 127\.0\.0\.1:(\d+)/))[1])
    rig(place, 'socket', `tcp: 127.0.0.1:${port}`)
    const pipe = `const s=require('net').connect(${port},'127.0.0.1');process.stdin.pipe(s);s.pipe(process.stdout)`
    rig(place, 'program', `exec: [${JSON.stringify(process.execPath)}, "-e", ${JSON.stringify(pipe)}]`)
  })
  afterAll(async () => {
    await plug.end()
    await far.close()
    place.remove()
  })

  it('euicc emulate --tcp prints the EID and the rig file', () => {
    expect(plug.out()).toMatch(/the software eUICC one, EID 89049032\d{24}/)
    expect(plug.out()).toContain(`link:\n    tcp: 127.0.0.1:${port}`)
  })

  it.each(['socket', 'program'])('card commands work on an emulated card over a rig with a %s', async name => {
    const onRig = (...args: string[]) => place.run('card', ...args, '--rig', name)
    const info = await onRig('info', '--json')
    expect(info).toMatchObject({ exitCode: 0, err: '' })
    expect(plug.out()).toContain(info.json<{ eid: string }>().eid)
    const { iccid, matchingId } = await far.order()
    const server = ['--smdp', far.host, '--matching-id', matchingId, '--connect-to', far.connectTo]
    const got = await onRig('download', ...server, '--yes', '--json', '--certs', far.certs)
    expect(got).toMatchObject({ exitCode: 0 })
    expect(got.json()).toMatchObject({ profile: { iccid, state: 'disabled' } })
    const states = async () => (await onRig('list', '--json')).json<{ profiles: { iccid: string; state: string }[] }>()
    expect(await onRig('enable', iccid)).toMatchObject({ exitCode: 0 })
    expect((await states()).profiles).toMatchObject([{ iccid, state: 'enabled' }])
    expect(await onRig('disable', iccid, '--yes')).toMatchObject({ exitCode: 0 })
    expect(await onRig('delete', iccid, '--yes')).toMatchObject({ exitCode: 0 })
    expect((await states()).profiles).toEqual([])
  })

  it('a run on an emulated card is marked as software', async () => {
    const tape = await place.run('card', 'list', '--rig', 'socket', '--record', 'socket.tape')
    expect(tape).toMatchObject({ exitCode: 0 })
    const [header] = readFileSync(join(place.folder, 'socket.tape'), 'utf8').split('\n')
    expect(JSON.parse(header!)).toMatchObject({
      rig: 'socket',
      subject: 'software',
      atr: expect.stringMatching(/^3b9f/),
    })
    const activated = await place.run('run', 'activate', '--rig', 'socket', '--certs', far.certs)
    expect(activated).toMatchObject({ exitCode: 0 })
    expect(activated.out).toContain('pass on the software eUICC')
  })

  it('the TCP emulator serves one client at a time and resets the card for the next', async () => {
    const first = openClient(port)
    expect(await first.ask('connect')).toEqual({ ecode: 0, data: expect.stringMatching(/^3b9f9680/) })
    expect(await first.ask('transmit', '0070000001')).toEqual({ ecode: 0, data: '019000' })
    const second = openClient(port)
    expect(await second.ask('connect')).toEqual({ ecode: -1 })
    await plug.said(/was rejected: another client uses the card/)
    first.close()
    const third = openClient(port)
    expect(await third.ask('connect')).toMatchObject({ ecode: 0 })
    expect(await third.ask('transmit', '0070000001')).toEqual({ ecode: 0, data: '019000' })
    third.close()
    second.close()
  })

  it('a named card is in use once, and its state persists', async () => {
    const again = await place.run('euicc', 'emulate', '--tcp', '0', '--name', 'one')
    expect(again).toMatchObject({ exitCode: 2 })
    expect(again.err).toMatch(/The card one is in use. The process \d+ emulates it/)
    expect((await place.run('euicc', 'remove', 'one')).err).toMatch(/is in use. The process \d+ emulates it/)
    const other = startProgram(place, 'euicc', 'emulate', '--tcp', '0', '--name', 'two')
    await other.said(/APDU JSON/)
    const listed = (await place.run('euicc', 'list', '--json')).json<{ cards: { name: string; eid: string }[] }>()
    expect(listed.cards.map(({ name }) => name)).toEqual(['one', 'two'])
    expect(new Set(listed.cards.map(({ eid }) => eid)).size).toBe(2)
    expect(await other.end()).toBe(0)
    expect(other.out()).toContain('stopped')
    const back = startProgram(place, 'euicc', 'emulate', '--tcp', '0', '--name', 'two')
    expect((await back.said(/EID (\d{32})/))[1]).toBe(listed.cards[1]!.eid)
    await back.said(/APDU JSON/)
    await back.end()
    expect(await place.run('euicc', 'remove', 'two')).toMatchObject({ exitCode: 0 })
    expect((await place.run('euicc', 'remove', 'two')).err).toContain('There is no card "two". The cards are one.')
  })

  it('a damaged named card is listed and can be removed', async () => {
    mkdirSync(join(place.home, 'cards', 'plugged', 'broken', 'nist'), { recursive: true })
    const listed = await place.run('euicc', 'list')
    expect(listed).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^broken +\(its certificates cannot be read\)/m),
    })
    expect(listed.out).toMatch(/^one +89\d{30} /m)
    expect(await place.run('euicc', 'remove', 'broken')).toMatchObject({ exitCode: 0 })
  })

  it.each([
    [['--name', 'x'], /one of --vpcd HOST:PORT, --pty and --tcp PORT/],
    [['--tcp', '0', '--pty'], /one of --vpcd/],
    [['--tcp', '0', '--quirks', 'fm350'], /need --pty/],
    [['--tcp', '0', '--name', 'Über'], /is not a valid name for a card/],
    [['--tcp', '0', '--name', 'one', '--curve', 'brainpool'], /is in use/],
    [['--tcp', 'x'], /HOST:PORT/],
    [['--pty', '--quirks', 'fm35'], /Did you mean fm350/],
  ])('refuses %j', async (args, words) => {
    const ran = await place.run('euicc', 'emulate', ...args)
    expect(ran.exitCode).toBe(2)
    expect(ran.err).toMatch(words)
  })
})

/** A script that answers each line with the payload that the expression gives. */
const answering = (expression: string): string =>
  `require('node:readline').createInterface({input:process.stdin}).on('line',line=>console.log('{"type":"apdu","payload":'+(${expression})+'}'))`

describe('an exec rig with an unsuitable program', () => {
  const place = createCliFixture()
  afterAll(() => place.remove())
  it.each([
    ['is not there', ['/no/such/program'], /cannot be started/],
    [
      'ends at once',
      [process.execPath, '-e', 'console.error("no modem found");process.exit(3)'],
      /ended with exit code 3; last line on stderr: no modem found/,
    ],
    [
      'talks of something else',
      [process.execPath, '-e', 'console.log("hello");setInterval(()=>{},1000)'],
      /not an answer in APDU JSON: \\?"hello/,
    ],
    [
      'never ends its line',
      [process.execPath, '-e', 'process.stdout.write("x".repeat(300000));setInterval(()=>{},1000)'],
      /bytes without a line end/,
    ],
    [
      'finds no card',
      [process.execPath, '-e', `process.stdin.on('data',()=>console.log('{"type":"apdu","payload":{"ecode":-1}}'))`],
      /could not connect to a card \(ecode -1\)/,
    ],
    [
      'ends in the middle',
      [process.execPath, '-e', answering(`JSON.parse(line).payload.func==='connect'?'{"ecode":0}':process.exit(4)`)],
      /ended with exit code 4 \(question: transmit\)/,
    ],
    [
      'opens a channel that no card has',
      [
        process.execPath,
        '-e',
        answering(
          `({connect:'{"ecode":0}',transmit:'{"ecode":0,"data":"6e00"}'})[JSON.parse(line).payload.func]??'{"ecode":77}'`,
        ),
      ],
      /opened logical channel 77, and the maximum is 19/,
    ],
  ])('that %s is named as what is wrong with the rig', async (_name, exec, words) => {
    rig(place, 'bad', `exec: ${JSON.stringify(exec)}`)
    const ran = await place.run('card', 'info', '--rig', 'bad')
    expect(ran.exitCode).toBe(1)
    expect(ran.err).toMatch(/the rig bad is not attached/)
    expect(ran.err).toMatch(words)
  })

  it('a tcp rig without a listener reports that it is not attached', async () => {
    rig(place, 'nobody', 'tcp: 127.0.0.1:1')
    expect((await place.run('card', 'info', '--rig', 'nobody')).err).toMatch(
      /127\.0\.0\.1:1 cannot be reached: no program listens/,
    )
  })
})
