import { ApduError, type ApduErrorCode } from '../errors.ts'
import { type ApduAnswer, type ApduQuestion, encodeQuestion, readAnswerLine } from './apdu-json.ts'
import type { Line } from './lines.ts'

/** What lies on the way to a card and speaks in lines: a program's two ends, or a socket. */
export interface LinePort {
  send(line: string): void
  /** Calls from then on with what comes; at most one listener. `gone` says why nothing more will. */
  listen(heard: { line(line: Line): void; gone(why: string): void }): void
  close(): Promise<void>
}

/** Time, given in: calls `run` after so many milliseconds unless the returned function is called before. */
export type After = (ms: number, run: () => void) => () => void

export interface JsonAsker {
  /** One question, one answer. Rejects with an ApduError `link-…` that names how it went wrong. */
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
  /** Nothing that comes can be told from a late answer to an earlier question, so nothing is asked any more. */
  | { readonly at: 'broken'; readonly error: ApduError }

/** Questions and answers over a port whose other end may do anything. `who` is how a person knows it. */
export const createJsonAsker = (port: LinePort, who: string, after: After): JsonAsker => {
  let state: State = { at: 'rest' }

  const breakOff = (code: ApduErrorCode, words: string): void => {
    if (state.at === 'broken') return
    const during = state.at === 'asked' ? ` (asked: ${state.func})` : ''
    const error = new ApduError(code, `${who} ${words}${during}`)
    const was = state
    state = { at: 'broken', error }
    if (was.at === 'asked') was.failed(error)
  }

  port.listen({
    gone: why => breakOff('link-closed', why),
    line: line => {
      if (line.kind === 'overlong')
        return breakOff('link-overlong', `sent ${line.bytes} bytes without a line end; it does not speak APDU JSON`)
      if (state.at === 'broken') return
      const answer = readAnswerLine(line.text)
      if (answer === undefined)
        return breakOff('link-garbage', `sent a line that is no answer in APDU JSON: ${quote(line.text)}`)
      if (state.at === 'rest') return breakOff('link-protocol', `answered what was not asked: ${quote(line.text)}`)
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
          return reject(new ApduError('bad-command', `${question.func} was asked before ${state.func} was answered`))
        const cancel = after(deadlineMs, () =>
          breakOff('link-silent', `gave no answer in ${Math.round(deadlineMs / 1000)} s`),
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
