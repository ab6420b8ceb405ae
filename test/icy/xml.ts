import t from 'tap'
import { parseXml } from '../../lib/icy/xml.js'

t.test('a document is read as a tree, with prefixes gone and characters told', async (t) => {
  const text = `<?xml version="1.0"?><!-- x --><a:root xmlns:a="urn:x" a:name="1 &lt; 2"><one>A &amp; <![CDATA[<B>]]></one><one/><two k='&#228;&#x2713;'> 007 </two></a:root>`
  const root = parseXml(text)
  t.match(root, { name: 'root', attributes: { name: '1 < 2' }, text: '' })
  t.same(
    root?.children.map(({ name, text: words, attributes }) => [name, words, attributes['k']]),
    [
      ['one', 'A & <B>', undefined],
      ['one', '', undefined],
      ['two', '007', 'ä✓'],
    ],
  )
})

t.test('what a document defines is not expanded, and what is broken is nothing', async (t) => {
  const bomb = `<!DOCTYPE a [<!ENTITY x "boom"><!ENTITY y "&x;&x;&x;"><!ENTITY z SYSTEM "file:///etc/passwd">]><a>&y;&z;&amp;</a>`
  t.equal(parseXml(bomb)?.text ?? '&y;&z;&', '&y;&z;&')
  t.equal(parseXml('<a>&#x110000;&toString;</a>')?.text, '&#x110000;&toString;')
  for (const broken of ['', 'text', '<a>', '<a></b>', '<a', '<a>'.repeat(100_000)])
    t.equal(parseXml(broken), undefined, broken.slice(0, 20))
  const odd = parseXml('<a __proto__="x"><__proto__>y</__proto__><constructor/></a>')
  t.notOk(Object.hasOwn(Object.prototype, 'x'))
  t.ok(odd === undefined || odd.children.length <= 2)
})
