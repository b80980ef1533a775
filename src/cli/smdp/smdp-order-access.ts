import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { BenchError } from '../../host/error.ts'
import type { Address } from '../../host/net/address-book.ts'
import { checkForeignServer } from '../../host/pki/foreign-server.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../../host/pki/web-pki.ts'
import type { Runtime } from '../../host/runtime.ts'
import { homePath } from '../../host/state/home.ts'
import { type OrderAccess, openEs2Access } from '../../services/smdp/order-access.ts'
import { readAuthorities } from '../../services/smdp/standalone-pki.ts'
import { readInput } from '../options.ts'

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
export const openAccessOver = (runtime: Runtime, url: string, options: OrderOptions): OrderAccess => {
  if (!/^https:\/\//.test(url) || !URL.canParse(url))
    throw new BenchError('usage', `--url ${url} is no address such as https://smdp.example.com:8444`)
  if (options.db !== undefined) throw new BenchError('usage', 'give either --url or --db')
  if ((options.cert === undefined) !== (options.key === undefined))
    throw new BenchError('usage', '--cert and --key belong together')
  const { random, clock } = runtime
  const web = openWebPki(join(homePath(runtime.environment, runtime.workingFolder), 'pki'), { random, now: clock() })
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
