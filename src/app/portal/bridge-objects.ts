import { METADATA_VALUES } from './bridge.ts'

/** `{ new: 'New', ... }`: the keys are lower camel case as in the samples of the contract, the values are those of its table. */
const enumObject = (values: readonly string[]): Record<string, string> =>
  Object.fromEntries(values.map(value => [`${value[0]!.toLowerCase()}${value.slice(1)}`, value]))

/** The enum objects and their members, injected into the script of the page. */
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
 * A JavaScript function expression `(post) => void` that defines the bridge objects in the window. Both web views run it.
 * `post({object, method, arguments})` returns the result of the call. Arguments are JSON; other values become `null`.
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
