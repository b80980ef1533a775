import { flag, maybe, message, number, object, text } from '../json.ts'
import { httpFunction, StatusCodeData } from './http-function.ts'

/** 19 digits with or without the check digit, filled with F if odd (SGP.22 §5.3.1). */
const iccid = () => text(/^[0-9]{18,19}[0-9F]?$/, 'an ICCID of 18 to 20 digits')
const eid = () => text(/^[0-9]{32}$/, 'an EID of 32 digits')
const matchingId = () => text(/^[0-9A-Z-]{0,255}$/, 'a matching id of A-Z, 0-9 and -')

const DownloadResult = message({
  status: text(/^(Executed-Success|Executed-WithWarning|Failed|Expired)$/, 'an execution status'),
  statusCodeData: maybe(object(StatusCodeData)),
})

/** SGP.22 §5.3 and §6.5.2.1 to §6.5.2.5: the operator to the SM-DP+, and the progress reports of the SM-DP+. */
export const ES2p = {
  DownloadOrder: httpFunction({
    interface: 'ES2+',
    name: 'DownloadOrder',
    clause: '5.3.1',
    path: '/gsma/rsp2/es2plus/downloadOrder',
    request: message({ eid: maybe(eid()), iccid: maybe(iccid()), profileType: maybe(text(/./, 'a profile type')) }),
    response: message({ iccid: iccid() }),
  }),
  ConfirmOrder: httpFunction({
    interface: 'ES2+',
    name: 'ConfirmOrder',
    clause: '5.3.2',
    path: '/gsma/rsp2/es2plus/confirmOrder',
    request: message({
      iccid: iccid(),
      eid: maybe(eid()),
      matchingId: maybe(matchingId()),
      confirmationCode: maybe(text(/./, 'a confirmation code')),
      smdsAddress: maybe(text(/./, 'an SM-DS address')),
      releaseFlag: flag(),
    }),
    response: message({
      eid: maybe(eid()),
      matchingId: matchingId(),
      smdpAddress: maybe(text(/./, 'an SM-DP+ address')),
    }),
  }),
  CancelOrder: httpFunction({
    interface: 'ES2+',
    name: 'CancelOrder',
    clause: '5.3.3',
    path: '/gsma/rsp2/es2plus/cancelOrder',
    request: message({
      iccid: iccid(),
      eid: maybe(eid()),
      matchingId: maybe(matchingId()),
      finalProfileStatusIndicator: text(/^(Available|Unavailable)$/, 'Available or Unavailable'),
    }),
    response: message({}),
  }),
  ReleaseProfile: httpFunction({
    interface: 'ES2+',
    name: 'ReleaseProfile',
    clause: '5.3.4',
    path: '/gsma/rsp2/es2plus/releaseProfile',
    request: message({ iccid: iccid() }),
    response: message({}),
  }),
  /** The SM-DP+ sends it to the operator. */
  HandleDownloadProgressInfo: httpFunction({
    interface: 'ES2+',
    name: 'HandleDownloadProgressInfo',
    clause: '5.3.5',
    path: '/gsma/rsp2/es2plus/handleDownloadProgressInfo',
    request: message({
      eid: maybe(eid()),
      iccid: iccid(),
      profileType: text(/./, 'a profile type'),
      timestamp: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'a time such as 2026-01-31T12:00:00Z'),
      /** 1 eligibility, 2 confirmation, 3 BPP download, 4 BPP installation, … (SGP.22 §5.3.5). */
      notificationPointId: number(),
      notificationPointStatus: object(DownloadResult),
      /** Base64 of the data of the ProfileInstallationResult, if available. */
      resultData: maybe(text()),
    }),
    response: undefined,
  }),
  /**
   * The SM-DP+ sends it to the operator: notifications of eUICCs about installed profiles. SGP.22 defines it from
   * version 3; this row has the members that a notification of version 2 can fill.
   */
  HandleNotification: httpFunction({
    interface: 'ES2+',
    name: 'HandleNotification',
    clause: '5.3.6',
    path: '/gsma/rsp2/es2plus/handleNotification',
    request: message({
      eid: maybe(eid()),
      iccid: iccid(),
      profileType: text(/./, 'a profile type'),
      timestamp: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'a time such as 2026-01-31T12:00:00Z'),
      notificationEvent: text(/^(Install|Enable|Disable|Delete)$/, 'Install, Enable, Disable or Delete'),
      notificationEventStatus: object(DownloadResult),
      /** Base64 of the notification with the signature of the eUICC. */
      resultData: maybe(text()),
    }),
    response: undefined,
  }),
} as const
