import { type ReactNode, useState } from 'react'
import type { ApduExchanged, CardWasReset, Decoded, HttpExchanged, Noted } from '../../../src/evidence/events.ts'
import { getStartMs, hasFailed } from '../run/run-state.ts'
import { formatDuration, formatOffset, PART_NAMES } from '../run/wording.ts'
import { getDataHex, splitCommand, splitResponse } from './apdu-anatomy.ts'
import { parseBerTree } from './ber-tree.ts'
import { CopyButton } from './copy-button.tsx'
import { DecodedTree } from './decoded-tree.tsx'
import { ApduHex } from './hex-view.tsx'

type View = 'decoded' | 'raw'

/** Keeps the selected tab when the user selects another exchange. */
let lastView: View = 'decoded'

export const ExchangeDetail = ({ entry }: { entry: ApduExchanged | HttpExchanged }) => {
  const [view, setView] = useState<View>(lastView)
  const change = (next: View): void => {
    lastView = next
    setView(next)
  }
  return (
    <article className="exchange" data-exchange={entry.seq}>
      <p className="exchange-line">
        <span className={`kind kind-${entry.kind}`}>{entry.kind === 'apdu' ? 'APDU' : 'HTTP'}</span>
        {entry.kind === 'http' ? `${PART_NAMES[entry.from]} → ${PART_NAMES[entry.to]}` : 'Device → eUICC'}
        <span className="faint">
          at {formatOffset(getStartMs(entry))} s, took {formatDuration(entry.took)}, event {entry.seq}
        </span>
      </p>
      {entry.error && (
        <p className="exchange-error" role="note">
          {entry.error}
        </p>
      )}
      <div className="tabs" role="tablist" aria-label="Representation">
        {(['decoded', 'raw'] as const).map(name => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={view === name}
            aria-controls="exchange-body"
            onClick={() => change(name)}
          >
            {name === 'decoded' ? 'Decoded' : 'Raw'}
          </button>
        ))}
      </div>
      <div id="exchange-body" role="tabpanel" aria-labelledby={`tab-${view}`}>
        {entry.kind === 'apdu' ? <Apdu entry={entry} view={view} /> : <Http entry={entry} view={view} />}
      </div>
    </article>
  )
}

const Apdu = ({ entry, view }: { entry: ApduExchanged; view: View }) => {
  const command = splitCommand(entry.command)
  const response = entry.response === null ? null : splitResponse(entry.response)
  const status = response?.at(-1)
  return (
    <>
      <Half title="Command" aside={`${entry.command.length / 2} bytes`} copy={entry.command}>
        {view === 'raw' ? (
          <ApduHex parts={command} label="Command" />
        ) : (
          <ApduDecoded decoded={entry.decoded?.request} data={getDataHex(command)} label="Command" />
        )}
      </Half>
      <Half
        title="Response"
        aside={status ? `${status.hex.toUpperCase()} ${status.meaning}` : 'none'}
        bad={hasFailed(entry)}
        copy={entry.response}
      >
        {response === null ? (
          <p className="quiet">The card sent no response.</p>
        ) : view === 'raw' ? (
          <ApduHex parts={response} label="Response" />
        ) : (
          <ApduDecoded decoded={entry.decoded?.response} data={getDataHex(response)} label="Response" />
        )}
      </Half>
    </>
  )
}

const ApduDecoded = ({ decoded, data, label }: { decoded: Decoded | undefined; data: string; label: string }) => {
  if (decoded !== undefined) return <DecodedTree value={decoded} label={label} />
  if (data === '') return <p className="quiet">No data.</p>
  const tree = parseBerTree(data)
  if (tree !== null)
    return (
      <>
        <p className="quiet">Decoded without a schema: tags and values only.</p>
        <DecodedTree value={tree} label={label} />
      </>
    )
  return (
    <>
      <p className="quiet">
        Part of a longer message. The exchange that completes the message contains the decoded data.
      </p>
      <DecodedTree value={data} label={label} />
    </>
  )
}

const Http = ({ entry, view }: { entry: HttpExchanged; view: View }) => (
  <>
    <Half title="Request" aside={`${entry.request.body.length} characters`} copy={entry.request.body || null}>
      {view === 'raw' ? (
        <Message
          first={`${entry.method} ${entry.url}`}
          headers={entry.request.headers}
          body={entry.request.body}
          label="Request"
        />
      ) : (
        <>
          <p className="http-line">
            <b>{entry.method}</b> {entry.url}
          </p>
          <HttpDecoded decoded={entry.decoded?.request} body={entry.request.body} label="Request" />
        </>
      )}
    </Half>
    <Half
      title="Response"
      aside={entry.response ? String(entry.response.status) : 'none'}
      bad={hasFailed(entry)}
      copy={entry.response?.body || null}
    >
      {entry.response === null ? (
        <p className="quiet">The server sent no response.</p>
      ) : view === 'raw' ? (
        <Message
          first={`HTTP ${entry.response.status}`}
          headers={entry.response.headers}
          body={entry.response.body}
          label="Response"
        />
      ) : (
        <HttpDecoded decoded={entry.decoded?.response} body={entry.response.body} label="Response" />
      )}
    </Half>
  </>
)

const HttpDecoded = ({ decoded, body, label }: { decoded: Decoded | undefined; body: string; label: string }) => {
  if (decoded !== undefined) return <DecodedTree value={decoded} label={label} />
  if (body === '') return <p className="quiet">No body.</p>
  const json = parseJson(body)
  return json !== undefined ? <DecodedTree value={json} label={label} /> : <Body text={body} label={label} />
}

const Message = ({
  first,
  headers,
  body,
  label,
}: {
  first: string
  headers: Readonly<Record<string, string>>
  body: string
  label: string
}) => {
  const json = parseJson(body)
  const text = json === undefined ? body : JSON.stringify(json, null, 2)
  return (
    <>
      <dl className="http-head">
        <dt>{first}</dt>
        {Object.entries(headers).map(([name, value]) => (
          <dd key={name}>
            <span className="tree-name">{name}</span> {value}
          </dd>
        ))}
      </dl>
      {text !== '' && <Body text={text} label={`${label}, body`} />}
    </>
  )
}

const CHARACTERS_AT_ONCE = 20_000

const Body = ({ text, label }: { text: string; label: string }) => {
  const [whole, setWhole] = useState(false)
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a scrollable region */}
      <section className="http-body" aria-label={label} tabIndex={0}>
        <pre>{whole ? text : text.slice(0, CHARACTERS_AT_ONCE)}</pre>
      </section>
      {!whole && text.length > CHARACTERS_AT_ONCE && (
        <button type="button" className="link" onClick={() => setWhole(true)}>
          All {text.length.toLocaleString('en')} characters
        </button>
      )}
    </>
  )
}

export const NoteDetail = ({ note }: { note: Noted }) => (
  <article className="exchange" data-exchange={note.seq}>
    <p className="exchange-line">
      <span className="kind kind-note">Note</span>
      {PART_NAMES[note.part]}
      <span className="faint">
        at {formatOffset(note.ms)} s, event {note.seq}
      </span>
    </p>
    <p className="note-text">{note.text}</p>
    {note.data !== undefined && <DecodedTree value={note.data} label="Data of the note" />}
  </article>
)

export const ResetDetail = ({ reset }: { reset: CardWasReset }) => (
  <article className="exchange" data-exchange={reset.seq}>
    <p className="exchange-line">
      <span className="kind kind-reset">Reset</span>
      {reset.reason === 'open' ? 'Card opened' : 'Device → eUICC'}
      <span className="faint">
        at {formatOffset(getStartMs(reset))} s, took {formatDuration(reset.took)}, event {reset.seq}
      </span>
    </p>
    {reset.error && (
      <p className="exchange-error" role="note">
        {reset.error}
      </p>
    )}
    <Half
      title="ATR"
      aside={reset.atr === null ? 'none' : `${reset.atr.length / 2} bytes`}
      bad={reset.atr === null}
      copy={reset.atr || null}
    >
      {reset.atr ? (
        <DecodedTree value={reset.atr.toUpperCase()} label="ATR" />
      ) : (
        <p className="quiet">{reset.atr === null ? 'The reset failed.' : 'The link to the card hides the ATR.'}</p>
      )}
    </Half>
  </article>
)

const Half = ({
  title,
  aside,
  bad,
  copy,
  children,
}: {
  title: string
  aside: string
  bad?: boolean
  copy: string | null
  children: ReactNode
}) => (
  <section className="half" data-half={title.toLowerCase()}>
    <h4>
      {title} <span className={bad ? 'bad' : 'faint'}>{aside}</span>
      {copy && <CopyButton text={copy} what={title.toLowerCase()} />}
    </h4>
    {children}
  </section>
)

const parseJson = (text: string): Decoded | undefined => {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text) as Decoded
  } catch {
    return undefined
  }
}
