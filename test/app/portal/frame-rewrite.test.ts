import { describe, expect, it } from 'vitest'
import { fromFramePath, rewritePage, rewriteStyle, toFramePath } from '../../../src/app/portal/frame-rewrite.ts'

const PREFIX = '/device/frame/0123'
const AT = 'https://p.example/shop/page?x=1'
const rewrite = (body: string): Promise<string> => rewritePage(`<body>${body}</body>`, AT, PREFIX, [])

describe('frame addresses', () => {
  it.each(['https://p.example/', 'https://p.example:8443/a/b?c=d&e=%2F#f'])(
    '%s converts to a frame path and back',
    url => {
      expect(fromFramePath(PREFIX, toFramePath(PREFIX, url))).toBe(url)
    },
  )
  it.each([
    '/device/frame/9999/p.example/',
    '/device/frame/0123',
    '/device/frame/0123/',
    '/device/frame/0123/a b/',
    '/x',
  ])('%s is not a path of the frame', path => {
    expect(fromFramePath(PREFIX, path)).toBeUndefined()
  })
  it.each([
    ['<a href="next">', 'href="/device/frame/0123/p.example/shop/next"'],
    ['<a href="/top?a=b">', 'href="/device/frame/0123/p.example/top?a=b"'],
    ['<a href="https://other.example/x">', 'href="/device/frame/0123/other.example/x"'],
    ['<a href="#here">', 'href="#here"'],
    ['<a href="mailto:a@b.example">', 'href="mailto:a@b.example"'],
    ['<img src="//cdn.example/i.png">', 'src="/device/frame/0123/cdn.example/i.png"'],
    ['<form action="">', 'action="/device/frame/0123/p.example/shop/page?x=1"'],
    ['<button formaction="/go">', 'formaction="/device/frame/0123/p.example/go"'],
    ['<base href="https://cdn.example/d/"><img src="i.png">', 'src="/device/frame/0123/cdn.example/d/i.png"'],
  ])('%s becomes %s', async (markup, becomes) => {
    expect(await rewrite(markup)).toContain(becomes)
  })
  it('rewritePage removes addresses without https, new windows and the base', async () => {
    const page = await rewrite('<base href="/b/"><a href="http://p.example/" target="_blank">x</a>')
    expect(page).not.toMatch(/http:|target|<base/)
  })
  it('rewritePage does not change text and scripts', async () => {
    const page = await rewrite('<p>1 &lt; 2 &amp; 3</p><script>if (1 < 2) { go("/x") }</script>')
    expect(page).toContain('<p>1 &lt; 2 &amp; 3</p><script>if (1 < 2) { go("/x") }</script>')
  })
  it('rewriteStyles rewrites absolute addresses only', () => {
    const style = `a{background:url(/i.png)}b{background:url("https://cdn.example/j.png")}c{background:url(k.png)}d{background:url(data:image/png;base64,AA)}`
    expect(rewriteStyle(style, AT, PREFIX)).toBe(
      `a{background:url(${PREFIX}/p.example/i.png)}b{background:url("${PREFIX}/cdn.example/j.png")}c{background:url(k.png)}d{background:url(data:image/png;base64,AA)}`,
    )
  })
})
