import { existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { attachThrough } from '../../../src/rigs/emulator/bench-network.ts'
import { plugIntoPty } from '../../../src/rigs/emulator/pty-emulator.ts'
import { createCliFixture } from '../../cli/runtime.ts'
import { startProgram } from './emulator-process.ts'

const loads = (name: string): Promise<boolean> =>
  import(name).then(
    () => true,
    () => false,
  )
const reason =
  process.platform !== 'linux'
    ? 'ttys of Linux'
    : !(await loads('node-pty'))
      ? 'npm node-pty is not installed or does not load'
      : (await loads('serialport'))
        ? undefined
        : 'npm serialport is not installed or does not load'

describe.skipIf(reason)(`the software eUICC in a modem on a tty${reason ? ` (skipped: ${reason})` : ''}`, () => {
  const place = createCliFixture()
  afterAll(() => place.remove())
  const link = join(place.folder, 'modem')
  const writeRig = (): void => {
    mkdirSync(join(place.folder, 'rigs'), { recursive: true })
    writeFileSync(join(place.folder, 'rigs', 'm.yaml'), `name: m\nlink:\n  modem:\n    port: ${link}\n`)
  }

  it('the pty emulator is a modem rig through npm serialport, and removes its link at the end', async () => {
    writeRig()
    for (const quirks of ['ordinary', 'mc7455']) {
      const plug = startProgram(place, 'euicc', 'emulate', '--pty', '--link', 'modem', '--quirks', quirks)
      const [, path] = await plug.said(/it is in a modem at (\/dev\/\S+), also/)
      await plug.said(/Ctrl-C/)
      expect(readlinkSync(link)).toBe(path)
      const eid = (await plug.said(/EID (\d{32})/))[1]
      const info = await place.run('card', 'info', '--rig', 'm', '--json')
      expect(info).toMatchObject({ exitCode: 0 })
      expect(JSON.stringify(info.json())).toContain(eid)
      expect(await plug.end()).toBe(0)
      expect(existsSync(link)).toBe(false)
    }
  })

  it('the emulated modem registers only while a bench runs', { timeout: 60_000 }, async () => {
    writeRig()
    const plug = startProgram(place, 'euicc', 'emulate', '--pty', '--link', 'modem', '--name', 'on-air')
    await plug.said(/Without one it is not registered/)
    const ran = await place.run('run', 'activate', '--rig', 'm', '--json')
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.json()).toMatchObject({ verdict: 'pass', rig: 'm' })
    // Its profile is enabled still; the bench has ended, and its network with it.
    expect(
      await attachThrough(join(place.home, 'network.sock'))({ transmit: () => expect.unreachable() }),
    ).toBeUndefined()
    expect(await plug.end()).toBe(0)
  })

  it('the pty emulator closes the tty when the modem disconnects and opens another one when it returns', async () => {
    const heard: string[] = []
    let presence: (isPresent: boolean) => void = () => {}
    const printed: string[] = []
    const plug = await plugIntoPty(
      {
        link,
        makeModem: ({ send }) => ({
          receive: bytes => {
            heard.push(Buffer.from(bytes).toString('latin1'))
            send(Buffer.from('OK\r\n'))
          },
          onPresence: listener => {
            presence = listener
          },
        }),
      },
      {
        card: { exclusive: async (work: () => Promise<void>) => work() } as never,
        after: () => () => {},
        report: () => {},
        print: line => printed.push(line),
      },
    )
    const ask = async (): Promise<string> => {
      const { SerialPort } = await import('serialport')
      const port = new SerialPort({ path: readlinkSync(link), baudRate: 115_200 })
      const answer = new Promise<string>(resolve =>
        port.once('data', (chunk: Buffer) => resolve(chunk.toString('latin1'))),
      )
      port.write('AT\r')
      const text = await answer
      await new Promise<void>(resolve => port.close(() => resolve()))
      return text
    }
    expect(await ask()).toContain('OK')
    presence(false)
    presence(true)
    expect(printed).toEqual([
      'the modem disconnected; its tty is closed',
      `the modem is connected again at ${readlinkSync(link)}`,
    ])
    expect(await ask()).toContain('OK')
    expect(heard).toEqual(['AT\r', 'AT\r'])
    await plug.pull()
    expect(existsSync(link)).toBe(false)
  })

  it('the pty emulator replaces only a link to a tty', async () => {
    symlinkSync('/dev/pts/9999', link)
    const plug = startProgram(place, 'euicc', 'emulate', '--pty', '--link', 'modem')
    await plug.said(/Ctrl-C/)
    await plug.end()
    writeFileSync(link, 'mine')
    const refused = await place.run('euicc', 'emulate', '--pty', '--link', 'modem')
    expect(refused).toMatchObject({ exitCode: 2 })
    expect(refused.err).toContain('it already exists and is not a link to a tty')
    expect(lstatSync(link).isFile()).toBe(true)
  })
})

describe('a tty without npm node-pty', () => {
  it('plugIntoPty without node-pty rejects and names the package to install', async () => {
    const plug = plugIntoPty({ makeModem: () => expect.unreachable() }, {} as never, () =>
      Promise.reject(new Error('Cannot find package')),
    )
    await expect(plug).rejects.toMatchObject({
      code: 'no-program',
      message: expect.stringContaining('npm install node-pty'),
    })
  })
})
