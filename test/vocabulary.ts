/** A word that the project does not use, and what to write in its place. */
export interface RefusedWord {
  /** Matches lower-case text in which identifiers are split into words. */
  readonly pattern: RegExp
  readonly use: string
}

const refuse = (words: string, use: string): RefusedWord => ({ pattern: new RegExp(`\\b(?:${words})\\b`, 'g'), use })

/** docs/glossary.md explains the terms. Source: the terms of SGP.22, TS 102 221, TS 102 223, TS 27.007 and test tools. */
export const REFUSED_WORDS: readonly RefusedWord[] = [
  // Test execution
  refuse('stories|story', 'scenario, fixture'),
  refuse('scenes?', 'fixture'),
  refuse('stand-ins?|stands? in for', 'fake, simulator, replaces'),
  refuse('blames?|blamed|whose fault', 'cause'),
  refuse('misbehav\\w+', 'fault'),
  refuse('strikes?|struck', 'fault count'),
  refuse('tapes?', 'recording'),
  refuse('plugs?(?! in)', 'emulator'),
  refuse('dice', 'seeded random source'),
  refuse('metal', 'hardware'),
  refuse('known answers?', 'test vector'),
  refuse('giv(?:e|es|ing|en) (?:it |them |the card |a card )?back|let(?:s|ting)? go|let(?:s|ting)? \\w+ go', 'release'),
  // Architecture and code
  refuse('houses?', 'architecture'),
  refuse('rooms?', 'module'),
  refuse('waists?', 'interface'),
  refuse('lends?|lent', 'pass, receive'),
  refuse('anew', 'again, restart'),
  refuse('whoever|whatever|whichever|nobody|somebody|someone|whom', 'name the actor'),
  refuse('strangers?', 'unknown client'),
  refuse('troubles?', 'error, failure'),
  refuse('again alike', 'idempotent'),
  refuse('heed\\w*', 'apply'),
  refuse('to be had', 'available'),
  refuse('tells?|told|telling', 'report, notify, return'),
  refuse('hears?|heard|hearing', 'receive, is notified'),
  refuse('speaks?|spoke|spoken|speaking', 'use the protocol, send'),
  refuse('says?|said|saying', 'state, report, return'),
  refuse('is there|are there|was there|were there', 'exists, is available, is attached'),
  // eSIM, card, reader and modem
  refuse('card numbers?', 'EID, ICCID'),
  refuse('manners?', 'quirk'),
  refuse('habits?', 'quirk, rule'),
  refuse('deeds?', 'protected operation'),
  refuse('chokes?', 'rejects, fails'),
  refuse('voices?', 'output'),
  refuse('ways? to (?:the|a|its|this) cards?', 'transport channel, link'),
  refuse('lost ways?|other ways?|another way', 'fallback, lost response'),
  refuse('mended?|mends|mending', 'repair, fix'),
  refuse('belie(?:ve|ves|ved|ving)', 'accept, trust'),
  refuse('wishe?s?', 'setting, request'),
  refuse('owes?|owed|owing', 'pending'),
  // American English
  refuse('\\w*behaviou?rs? of its own', 'name the behavior'),
  refuse(
    'behaviours?|colou?rs?(?<=ours?)|favou?r\\w*(?<=our\\w*)|honou?r\\w*(?<=our\\w*)|neighbours?',
    'American spelling',
  ),
  refuse('catalogues?', 'catalog'),
  refuse('licences?', 'license'),
  refuse('centres?', 'center'),
  refuse('judgements?', 'judgment'),
  refuse('learnt|burnt|whilst|amongst', 'American spelling'),
  refuse('recognis\\w+|personalis\\w+|organis\\w+|serialis\\w+|summaris\\w+|normalis\\w+|synchronis\\w+', '-ize'),
]

/** Texts that are fixed by a specification or by an interface of another party. */
export const ALLOWED: readonly RegExp[] = [
  /resynchronis\w*/g,
  // The link type of `RigSummary`, an interface of the evidence file.
  /^ {2}tape: 'recording',/g,
  // The deprecated link key of rig files, the name of the link in evidence, and the header of a recording.
  /'tape'|"tape":1|\btape: 1\b|\bheader\.tape\b|\blink\.tape\b|\btape: (?:z\.string|file\b|recording link)/g,
  // A member of the output of `doctor --json`.
  /\breadonly says: string$|\bsays: text\b|\bstate, says, todo\b|\{says\}/g,
  /rig\.link === 'tape'/g,
  // The deprecated key of inventory files, and the file for the fault rules of a store.
  /^ {4}misbehave: fault file/g,
  /content\.misbehave/g,
  /\.misbehave\.yaml/g,
  // Deprecated names of commands, options and JSON keys.
  /\bsmdp misbehave\b/g,
  /['`]misbehave\\?['`]/g,
  /\\`misbehave\\`/g,
  /^ {2}misbehave: faults\.map/g,
  /\bstruck: applied/g,
  /\b(?:euicc plug|'plug', 'euicc emulate')/g,
  /\['plug', /g,
  /--manners/g,
  /^ {2}manners: text\('/g,
  /quirks, manners \}: emulate options\): string \| undefined => quirks \?\? manners/g,
]

/** Splits identifiers into words, so that `createScene` is found by `scene`. */
export const toWords = (text: string): string =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/_/g, ' ')
    .toLowerCase()

export interface Violation {
  readonly line: number
  readonly word: string
  readonly use: string
}

export const findViolations = (text: string): Violation[] =>
  text.split('\n').flatMap((raw, index) => {
    const words = ALLOWED.reduce((line, allowed) => line.replace(allowed, ''), toWords(raw))
    return REFUSED_WORDS.flatMap(({ pattern, use }) =>
      [...words.matchAll(pattern)].map(([word]) => ({ line: index + 1, word, use })),
    )
  })
