import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { BenchError } from '../error.ts'
import { homePath } from '../home/home.ts'
import type { Address } from '../net/address-book.ts'
import { checkForeignServer } from '../pki/foreign-server.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../pki/web-pki.ts'
import { type OrderAccess, openEs2Access } from '../smdp/order-access.ts'
import { readAuthorities } from '../smdp/standalone-pki.ts'
import { readInput } from './options.ts'
import type { World } from './terminal.ts'

export interface OrderOptions {
  readonly db?: string
  readonly url?: string
  readonly connectTo?: Address
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  readonly as: string
  readonly json?: boolean
}
const readText = (path: string, what: string): string => Buffer.from(readInput(path, what)).toString('utf8')

/** Checked here: what TLS says of a wrong file is no sentence, and comes when the order is half asked for. */
const readIdentity = (cert: string, key: string): { certificate: string; key: string } => {
  const identity = { certificate: readText(cert, 'client certificate'), key: readText(key, 'private key') }
  const check = <T>(file: string, what: string, read: () => T): T => {
    try {
      return read()
    } catch (error) {
      throw new BenchError('certificates', `${file} holds no ${what} in PEM form`, { cause: error })
    }
  }
  const certificate = check(cert, 'certificate', () => new X509Certificate(identity.certificate))
  const privateKey = check(key, 'private key without a passphrase', () => createPrivateKey(identity.key))
  if (!certificate.checkPrivateKey(privateKey))
    throw new BenchError('certificates', `${key} is not the private key of the certificate in ${cert}`)
  return identity
}

/** ES2+ of `--url`, by the certificates that the options say. */
export const openAccessOver = (world: World, url: string, options: OrderOptions): OrderAccess => {
  if (!/^https:\/\//.test(url) || !URL.canParse(url))
    throw new BenchError('wrong-use', `--url ${url} is no address such as https://smdp.example.com:8444`)
  if (options.db !== undefined) throw new BenchError('wrong-use', 'give either --url or --db')
  if ((options.cert === undefined) !== (options.key === undefined))
    throw new BenchError('wrong-use', '--cert and --key belong together')
  const { random, clock } = world
  const web = openWebPki(join(homePath(world.environment, world.workingFolder), 'pki'), { random, now: clock() })
  const { cert, key, ca } = options
  return openEs2Access({
    url,
    connectTo: options.connectTo,
    check:
      ca === undefined
        ? checkWebServer(web.ca, clock)
        : checkForeignServer(readAuthorities(readInput(ca, 'CA file'), ca), clock),
    identity: cert === undefined || key === undefined ? serverIdentity(web.issue(options.as)) : readIdentity(cert, key),
    as: options.as,
    random,
  })
}
