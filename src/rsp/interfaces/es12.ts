import { flag, message, text } from '../json.ts'
import { httpFunction } from './http-function.ts'

const eid = () => text(/^[0-9]{32}$/, 'an EID of 32 digits')
/** The SM-DP+ uses the event id as a matching id, so it has the same characters (SGP.22 §4.1.1). */
const eventId = () => text(/^[0-9A-Z-]{1,255}$/, 'an event id of A-Z, 0-9 and -')

const registerEvent = message({
  eid: eid(),
  /** The address of the SM-DP+; at the root SM-DS also that of an alternative SM-DS. */
  rspServerAddress: text(/^[^\s/]{1,255}$/, 'a host name'),
  eventId: eventId(),
  /** True: the event is forwarded to the root SM-DS. */
  forwardingIndicator: flag(),
})
const deleteEvent = message({ eid: eid(), eventId: eventId() })

/** SGP.22 §5.9: the SM-DP+ to the SM-DS. */
export const ES12 = {
  RegisterEvent: httpFunction({
    interface: 'ES12',
    name: 'RegisterEvent',
    clause: '5.9.1',
    path: '/gsma/rsp2/es12/registerEvent',
    request: registerEvent,
    response: message({}),
  }),
  DeleteEvent: httpFunction({
    interface: 'ES12',
    name: 'DeleteEvent',
    clause: '5.9.2',
    path: '/gsma/rsp2/es12/deleteEvent',
    request: deleteEvent,
    response: message({}),
  }),
} as const

/** SGP.22 §5.10: an alternative SM-DS to the root SM-DS, with the functions of ES12. */
export const ES15 = {
  RegisterEvent: httpFunction({
    ...ES12.RegisterEvent,
    interface: 'ES15',
    clause: '5.10.1',
    path: '/gsma/rsp2/es15/registerEvent',
  }),
  DeleteEvent: httpFunction({
    ...ES12.DeleteEvent,
    interface: 'ES15',
    clause: '5.10.2',
    path: '/gsma/rsp2/es15/deleteEvent',
  }),
} as const
