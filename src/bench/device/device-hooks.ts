import type { Observation } from '../../evidence/events.ts'
import type { StepTracker } from '../run/step-tracker.ts'
import type { DeviceHooks } from './mobile-device.ts'

/** The records that a run makes of the LPA and the modem. */
export const recordDevice = (
  tracker: StepTracker,
  observe: (observation: Observation) => void,
  told: Required<Pick<DeviceHooks, 'onRegistered' | 'onFailure'>>,
): DeviceHooks => ({
  onConsent() {
    tracker.say('card and server have authenticated each other; the user agreed to the profile')
    tracker.enter(6)
  },
  onDownloaded: ({ iccid, packageLength, profile }) =>
    observe({
      kind: 'note',
      part: 'lpa',
      text: `installed ${iccid}, a package of ${packageLength} bytes: ${profile.profileName ?? ''}`,
    }),
  onRegistered(registered) {
    const { iccid, imsi, operator, plmn, registration, resynchronised, by } = registered
    const where = `registered on ${operator}${plmn ? ` (${plmn})` : ''}, ${registration}`
    const said = by === 'modem' ? ', as the modem says' : ''
    tracker.say(`${iccid} is installed and enabled; ${where}${said}`)
    observe({
      kind: 'note',
      part: 'network',
      text: `${where}${said}`,
      data: {
        iccid,
        registration,
        operator,
        plmn,
        ...(imsi === undefined ? {} : { imsi }),
        ...(resynchronised === undefined ? {} : { resynchronised }),
      },
    })
    told.onRegistered(registered)
  },
  onModem: (text, data) => observe({ kind: 'note', part: 'network', text, ...(data === undefined ? {} : { data }) }),
  note: text => observe({ kind: 'note', part: 'lpa', text }),
  progress: (text, done, total) => observe({ kind: 'progress', text, done, total, unit: 'bytes' }),
  onFailure: told.onFailure,
})
