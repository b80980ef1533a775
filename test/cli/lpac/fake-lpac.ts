import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A program that speaks to its driver as lpac does: `eid` asks for the EID, `post URL` sends a body over HTTP, `usage`
 * prints plain text, `die` ends in the middle, `probe` tries another AID first and fails for a reason of its own,
 * `preview` waits for one character and then for the card's answer, and `endless` leaves its output to a program that
 * does not end.
 */
const PROGRAM = `#!${process.execPath}
const lines = require('node:readline').createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = object => console.log(JSON.stringify(object))
const ask = async (type, payload) => { say({ type, payload }); return JSON.parse((await lines.next()).value).payload }
const apdu = (func, param = null) => ask('apdu', { func, param })
const end = (code, message, data) => { say({ type: 'lpa', payload: { code, message, data } }); process.exitCode = code === 0 ? 0 : 255; process.stdin.destroy() }
const main = async ([what, url]) => {
  if (process.env.LPAC_APDU !== 'stdio') return end(-1, 'LPAC_APDU', process.env.LPAC_APDU ?? '')
  if (what === 'endless') return require('node:child_process').spawn('cat', ['/dev/zero'], { stdio: 'inherit' })
  if (what === 'usage') { console.log('Usage: lpac <chip|profile>'); console.error('complaint'); process.exitCode = 255; return process.stdin.destroy() }
  if (what === 'post') {
    if (process.env.LPAC_HTTP !== 'stdio') return end(-1, 'LPAC_HTTP', process.env.LPAC_HTTP ?? '')
    const tx = Buffer.from('{}').toString('hex')
    const { rcode, rx } = await ask('http', { url, tx, headers: ['X-Admin-Protocol: gsma/rsp/v2.2.2', 'Content-Type: application/json'] })
    return end(rcode < 500 ? 0 : -1, 'answered ' + rcode, Buffer.from(rx, 'hex').toString())
  }
  if ((await apdu('connect')).ecode !== 0) return end(-1, 'euicc_init', '')
  if (what === 'preview') {
    say({ type: 'progress', payload: { code: 0, message: 'preview', data: 'y/n' } })
    const answer = (await new Promise(resolve => process.stdin.once('data', resolve))).toString()
    say({ type: 'apdu', payload: { func: 'disconnect', param: null } })
    const { value } = await lines.next()
    return end(0, 'success', [answer, value.slice(answer.length)])
  }
  if (what === 'probe') await apdu('logic_channel_open', 'a000000559104c696e6b736669656c64')
  const channel = (await apdu('logic_channel_open', 'a0000005591010ffffffff8900000100')).ecode
  if (channel < 0) return end(-1, 'euicc_init', '')
  if (what === 'die') process.exit(7)
  say({ type: 'progress', payload: { code: 0, message: 'es10c_get_eid', data: null } })
  const cla = (0x80 | channel).toString(16)
  let { data } = await apdu('transmit', cla + 'e2910006bf3e035c015a')
  if (data.startsWith('61')) data = (await apdu('transmit', cla + 'c00000' + data.slice(2))).data
  await apdu('logic_channel_close', '0' + channel)
  if (what === 'probe') return end(-1, 'no such order', '')
  await apdu('disconnect')
  end(0, 'success', data.slice(10, 42))
}
main(process.argv.slice(2))
`

export const writeFakeLpac = (folder: string): string => {
  const path = join(folder, 'lpac')
  writeFileSync(path, PROGRAM)
  chmodSync(path, 0o755)
  return path
}
