import { ApduError, type ApduErrorCode } from '../errors.ts'
import { type ApduAnswer, type ApduQuestion, encodeQuestion, readAnswerLine } from './apdu-json.ts'
import type { Line } from './lines.ts'

/** A line-based connection to the program or socket that owns a card. */
export interface LinePort {
  send(line: string): void
  /** Sets the only listener. `gone` receives the reason when the connection ends. */
  listen(listener: { line(line: Line): void; gone(why: string): void }): void
  close(): Promise<void>
}

/** Calls `run` after `ms` milliseconds, unless the returned function is called first. */
export type After = (ms: number, run: () => void) => () => void

export interface JsonAsker {
  /** Sends one question and returns the answer. Rejects with an ApduError `link-…`. */
  ask(question: ApduQuestion, deadlineMs: number): Promise<ApduAnswer>
}

type State =
  | { readonly at: 'rest' }
  | {
      readonly at: 'asked'
      readonly func: string
      answered(answer: ApduAnswer): void
      failed(error: ApduError): void
    }
  /** A later answer could belong to an earlier question, so no more questions are sent. */
  | { readonly at: 'broken'; readonly error: ApduError }

/** Sends questions over `port`, whose peer is not trusted. `who` names the peer in messages. */
export const createJsonAsker = (port: LinePort, who: string, after: After): JsonAsker => {
  let state: State = { at: 'rest' }

  const breakOff = (code: ApduErrorCode, words: string): void => {
    if (state.at === 'broken') return
    const during = state.at === 'asked' ? ` (question: ${state.func})` : ''
    const error = new ApduError(code, `${who} ${words}${during}`)
    const was = state
    state = { at: 'broken', error }
    if (was.at === 'asked') was.failed(error)
  }

  port.listen({
    gone: why => breakOff('link-closed', why),
    line: line => {
      if (line.kind === 'overlong')
        return breakOff(
          'link-overlong',
          `sent ${line.bytes} bytes without a line end, which is not APDU JSON. Check that it implements lpac's stdio protocol`,
        )
      if (state.at === 'broken') return
      const answer = readAnswerLine(line.text)
      if (answer === undefined)
        return breakOff('link-garbage', `sent a line that is not an answer in APDU JSON: ${quote(line.text)}`)
      if (state.at === 'rest')
        return breakOff('link-protocol', `sent an answer without a question: ${quote(line.text)}`)
      const { answered } = state
      state = { at: 'rest' }
      answered(answer)
    },
  })

  return {
    ask: (question, deadlineMs) =>
      new Promise<ApduAnswer>((resolve, reject) => {
        if (state.at === 'broken') return reject(state.error)
        if (state.at === 'asked')
          return reject(
            new ApduError('bad-command', `the question ${question.func} was sent before the answer to ${state.func}`),
          )
        const cancel = after(deadlineMs, () =>
          breakOff('link-silent', `did not answer within ${Math.round(deadlineMs / 1000)} s`),
        )
        state = {
          at: 'asked',
          func: question.func,
          answered(answer) {
            cancel()
            resolve(answer)
          },
          failed(error) {
            cancel()
            reject(error)
          },
        }
        port.send(encodeQuestion(question))
      }),
  }
}

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
