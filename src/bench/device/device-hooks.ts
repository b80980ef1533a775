import type { Observation } from '../../evidence/events.ts'
import type { StepTracker } from '../run/step-tracker.ts'
import type { DeviceHooks } from './mobile-device.ts'

/** Hooks that record the events of the LPA and the modem in the evidence of a run. */
export const recordDevice = (
  tracker: StepTracker,
  observe: (observation: Observation) => void,
  callbacks: Required<Pick<DeviceHooks, 'onRegistered' | 'onFailure'>>,
): DeviceHooks => ({
  onConsent() {
    tracker.summarize('card and server authenticated each other, and the user accepted the profile')
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
    const source = by === 'modem' ? ', reported by the modem' : ''
    tracker.summarize(`${iccid} is installed and enabled; ${where}${source}`)
    observe({
      kind: 'note',
      part: 'network',
      text: `${where}${source}`,
      data: {
        iccid,
        registration,
        operator,
        plmn,
        ...(imsi === undefined ? {} : { imsi }),
        ...(resynchronised === undefined ? {} : { resynchronised }),
      },
    })
    callbacks.onRegistered(registered)
  },
  onModem: (text, data) => observe({ kind: 'note', part: 'network', text, ...(data === undefined ? {} : { data }) }),
  note: text => observe({ kind: 'note', part: 'lpa', text }),
  progress: (text, done, total) => observe({ kind: 'progress', text, done, total, unit: 'bytes' }),
  onFailure: callbacks.onFailure,
})
