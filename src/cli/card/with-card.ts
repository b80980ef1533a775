import { type BenchContext, withContext } from '../../bench/context.ts'
import type { Runtime } from '../../host/runtime.ts'
import { type Isdr, type IsdrOptions, withIsdr } from '../../lpa/card/isdr.ts'
import type { LpaEvent } from '../../lpa/report.ts'
import type { OpenedRig } from '../../rigs/attach.ts'
import { applyLpacEnvironment } from '../lpac/lpac-environment.ts'
import { createLpacJsonOutput, type LpacJsonOutput } from '../lpac/lpac-json-output.ts'
import type { CardOptions } from '../options.ts'
import { createTerminal, printJson, type Terminal } from '../terminal.ts'
import { watchInterrupt } from './watch-interrupt.ts'

/** A card that stays open from one command to the next, as in the shell. */
export interface HeldCard {
  readonly workplace: BenchContext
  readonly device: OpenedRig
}
export interface CardRuntime extends Runtime {
  readonly held?: HeldCard
}

/** The open card and the outputs of a card command. */
export interface CardWork extends HeldCard {
  readonly runtime: Runtime
  readonly options: CardOptions
  readonly terminal: Terminal
  readonly isdrOptions: IsdrOptions
  /** The output in lpac's format; undefined without --lpac. */
  readonly lpac: LpacJsonOutput | undefined
  /** Prints the result as JSON with --json. */
  json(value: unknown): void
  /** Also passes the events of the LPA to `listener`. */
  listen(listener: (event: LpaEvent) => void): void
}

const showOn =
  (terminal: Terminal) =>
  (event: LpaEvent): void => {
    if (event.kind === 'started') terminal.progress(event.step)
    else if (event.kind === 'progress') terminal.bar('bytes installed', event.done, event.total)
    else if (event.kind === 'noted') terminal.line(`note: ${event.text}`)
  }

/** Opens the card of the rig during `work`, with the output format of the options. */
export const withCard = (
  runtime: CardRuntime,
  options: CardOptions,
  work: (at: CardWork) => Promise<number>,
): Promise<number> => {
  const lpac = options.lpac ? createLpacJsonOutput(runtime) : undefined
  const workOn = async ({ workplace, device }: HeldCard): Promise<number> => {
    const terminal = createTerminal(runtime, options.json === true || options.lpac === true)
    const watch = watchInterrupt(runtime, {
      quiet: lpac !== undefined,
      // The shell keeps its card for the next command.
      ...(runtime.held === undefined ? { closeCard: () => device.close() } : { secondEffect: 'closes the card' }),
    })
    const listeners = [
      showOn(terminal),
      (event: LpaEvent): void => {
        if (event.kind === 'started') watch.setOperation(event.step)
      },
    ]
    const isdrOptions = lpac ? applyLpacEnvironment(runtime.environment, device.isdrOptions) : device.isdrOptions
    for (const note of device.notes) terminal.line(`note: ${note}`)
    const done = work({
      runtime,
      options,
      workplace,
      device,
      terminal,
      isdrOptions: {
        ...isdrOptions,
        report(event) {
          device.isdrOptions.report?.(event)
          for (const listener of listeners) listener(event)
        },
      },
      lpac,
      json: value => {
        if (options.json) printJson(runtime, value)
      },
      listen: listener => void listeners.push(listener),
    })
    return done.finally(watch.stop)
  }
  const run = (): Promise<number> =>
    runtime.held !== undefined
      ? workOn(runtime.held)
      : withContext(runtime, options, async workplace => {
          const opening = watchInterrupt(runtime, { quiet: lpac !== undefined })
          const device = await workplace.open(options.rig).finally(opening.stop)
          try {
            // The user may have interrupted while the card was opened.
            runtime.interrupt.throwIfAborted()
            return await workOn({ workplace, device })
          } finally {
            await device.close()
          }
        })
  return lpac === undefined ? run() : lpac.run(run)
}

/** Opens the ISD-R during `work`, with exclusive access to the card. */
export const onIsdr = <T>(
  { device, isdrOptions }: Pick<CardWork, 'device' | 'isdrOptions'>,
  work: (isdr: Isdr) => Promise<T>,
): Promise<T> => device.card.exclusive(channel => withIsdr(channel, isdrOptions, work))
