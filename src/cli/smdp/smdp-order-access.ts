import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { BenchError } from '../../host/error.ts'
import { checkForeignServer } from '../../host/pki/foreign-server.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../../host/pki/web-pki.ts'
import type { Runtime } from '../../host/runtime.ts'
import { homePath } from '../../host/state/home.ts'
import { type OrderAccess, openEs2Access } from '../../services/smdp/order-access.ts'
import { readAuthorities } from '../../services/smdp/standalone-pki.ts'
import { readInput } from '../options.ts'
import type { OrderOptions } from './smdp-options.ts'

const readText = (path: string, what: string): string => Buffer.from(readInput(path, what)).toString('utf8')

/** Checks both files before the first call: TLS reports an invalid file late, and without its name. */
const readIdentity = (cert: string, key: string): { certificate: string; key: string } => {
  const identity = { certificate: readText(cert, 'client certificate'), key: readText(key, 'private key') }
  const check = <T>(file: string, what: string, read: () => T): T => {
    try {
      return read()
    } catch (error) {
      throw new BenchError('certificates', `${file} contains no ${what} in PEM format`, { cause: error })
    }
  }
  const certificate = check(cert, 'certificate', () => new X509Certificate(identity.certificate))
  const privateKey = check(key, 'private key without a passphrase', () => createPrivateKey(identity.key))
  if (!certificate.checkPrivateKey(privateKey))
    throw new BenchError('certificates', `${key} is not the private key of the certificate in ${cert}`)
  return identity
}

/** Opens ES2+ of the server at `url`, with the certificates of the options. */
export const openAccessOver = (runtime: Runtime, url: string, options: OrderOptions): OrderAccess => {
  if (!/^https:\/\//.test(url) || !URL.canParse(url))
    throw new BenchError('usage', `--url ${url} is not a URL such as https://smdp.example.com:8444`)
  if (options.db !== undefined) throw new BenchError('usage', 'give either --url or --db')
  if ((options.cert === undefined) !== (options.key === undefined))
    throw new BenchError('usage', 'give --cert and --key together')
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
