import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { Roots } from '../../../src/host/machine/roots.ts'

export interface FakeUsb {
  /** `1-1.4:1.2` */
  readonly at: string
  readonly idVendor: string
  readonly idProduct: string
  readonly serial?: string
  readonly product?: string
  readonly manufacturer?: string
}

/** A tree as the kernel shows it, for ttys and processes. */
export const createFakeMachine = () => {
  const folder = mkdtempSync(join(tmpdir(), 'sysfs-'))
  const roots: Roots = { sys: join(folder, 'sys'), dev: join(folder, 'dev'), proc: join(folder, 'proc') }
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const link = (path: string, target: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(relative(dirname(path), target), path)
  }
  return {
    roots,
    addTty(name: string, usb?: FakeUsb): void {
      write(join(roots.dev, name), '')
      const tty = join(roots.sys, 'class', 'tty', name)
      if (!usb) {
        write(join(tty, 'type'), '4\n')
        const board = join(roots.sys, 'devices', 'pnp0', '00:04')
        mkdirSync(board, { recursive: true })
        link(join(tty, 'device'), board)
        return
      }
      const device = join(roots.sys, 'devices', 'pci0000:00', 'usb1', usb.at.split(':')[0]!)
      for (const key of ['idVendor', 'idProduct', 'serial', 'product', 'manufacturer'] as const)
        if (usb[key] !== undefined) write(join(device, key), `${usb[key]}\n`)
      const port = join(device, usb.at, name)
      mkdirSync(port, { recursive: true })
      link(join(tty, 'device'), port)
    },
    /** A tty of the kernel's own (a console), or of a board that has no UART there. */
    addEmptyTty(name: string): void {
      write(join(roots.sys, 'class', 'tty', name, 'type'), '0\n')
    },
    addLink(kind: 'by-id' | 'by-path', name: string, tty: string): void {
      link(join(roots.dev, 'serial', kind, name), join(roots.dev, tty))
    },
    addProcess(pid: number, name: string, ...open: readonly string[]): void {
      write(join(roots.proc, `${pid}`, 'comm'), `${name}\n`)
      mkdirSync(join(roots.proc, `${pid}`, 'fd'), { recursive: true })
      for (const [index, path] of open.entries()) symlinkSync(path, join(roots.proc, `${pid}`, 'fd', `${index + 3}`))
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
