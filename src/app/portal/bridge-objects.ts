import { METADATA_VALUES } from './bridge.ts'

/** `{ new: 'New', ... }`: lower camel keys as in the contract's samples, the table's strings as values. */
const enumObject = (values: readonly string[]): Record<string, string> =>
  Object.fromEntries(values.map(value => [`${value[0]!.toLowerCase()}${value.slice(1)}`, value]))

/** Names of the enum objects, and their members; put into the page's script as data. */
const ENUMS = {
  MobilePlansUserAccount: enumObject(METADATA_VALUES.userAccount),
  MobilePlansPurchaseInstrument: enumObject(METADATA_VALUES.purchaseInstrument),
  MobilePlansLineType: enumObject(METADATA_VALUES.line),
  MobilePlansMoDirectStatus: enumObject(METADATA_VALUES.moDirectStatus),
  MobilePlansNetworkRegistrationState: enumObject([
    'none',
    'deregistered',
    'searching',
    'home',
    'roaming',
    'partner',
    'denied',
  ]),
}

/**
 * The page's side of the bridge, as an expression of JavaScript: a function that takes `post`, and puts the objects into the
 * window. The same text runs in the lone user's web view and in a browser's frame, so that a portal sees one bridge.
 *
 * `post({object, method, arguments})` returns what the call returns to the page. Arguments leave as JSON, as they would on
 * the way through a real host; what cannot be JSON arrives as `null`.
 */
export const BRIDGE_OBJECTS = `post => {
  const asJson = value => { try { return JSON.parse(JSON.stringify(value)) } catch { return null } }
  const call = (object, method, values) => post({ object, method, arguments: values.map(asJson) })
  const put = (name, value) => Object.defineProperty(window, name, { value, enumerable: true })
  for (const [name, members] of Object.entries(${JSON.stringify(ENUMS)})) put(name, Object.freeze(members))
  put('MobilePlans', Object.freeze({
    createPurchaseMetaData: () => ({}),
    notifyCancelledPurchase: (...values) => { call('MobilePlans', 'notifyCancelledPurchase', values) },
  }))
  put('MobilePlansOperationContext', function MobilePlansOperationContext(Id) { this.Id = Id })
  const listeners = {}
  const download = object => (...values) => {
    const context = call(object, 'notifyProfileDownload', values)
    return context && Object.assign(Object.create(MobilePlansOperationContext.prototype), context)
  }
  for (const name of ['MobilePlansInlineOperations', 'MobilePlansInlineProfileDownload']) {
    const operations = { notifyProfileDownload: download(name), notifyInlineProfileDownload: download(name) }
    for (const property of ['profileActivationCompleteScript', 'registrationChangedScript', 'registrationCompleteScript'])
      Object.defineProperty(operations, property, {
        get: () => listeners[property],
        set: script => { listeners[property] = script; call(name, property, [script]) },
      })
    put(name, Object.freeze(operations))
  }
}`
