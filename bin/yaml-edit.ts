import { type Document, isAlias, isMap, isScalar, type Pair, Scalar, YAMLMap } from 'yaml'
import type { SettingsChange } from '../lib/index.js'

/** A document as it was parsed. */
type Text = Document.Parsed | Document

/**
 * Changes values in a document; comments and order stay. A key whose value is `undefined` is taken out, and what is said above it stays for
 * the next reader, unless it is the whole group of a mount.
 */
export function editDocument(document: Text, changes: readonly SettingsChange[]): void {
  for (const { path, value } of changes) {
    const [key = '', ...above] = path.toReversed()
    const group = groupAt(document, above.toReversed(), value !== undefined)
    if (group === undefined) continue
    if (value === undefined) remove(group, key, path[0] !== 'mounts' || path.length > 2)
    else put(document, group, key, value)
  }
}

/** Writes a document as its file is written: with its indentation, and without folding lines that a person has not folded. */
export function formatDocument(document: Text, before: string): string {
  const indent = /^( {1,8})[^\s#-]/m.exec(before)?.[1]?.length ?? 2
  const text = document.toString({ lineWidth: 0, indent, indentSeq: !/:\s*\n- /.test(before), flowCollectionPadding: !/\{\w/.test(before) })
  return before.includes('\r\n') ? text.replaceAll(/\r?\n/g, '\r\n') : text
}

const find = (group: YAMLMap, key: string): Pair | undefined =>
  group.items.find((item) => (isScalar(item.key) ? String(item.key.value) : String(item.key)) === key)

// The group at a path, which is made where it is wanted and there is none.
function groupAt(document: Text, path: readonly string[], make: boolean): YAMLMap | undefined {
  if (!isMap(document.contents)) {
    if (!make) return undefined
    const group = new YAMLMap()
    // What stands in a file without any settings is its head.
    const said = [document.commentBefore, document.contents?.commentBefore, document.contents?.comment, document.comment]
    document.commentBefore = said.filter(Boolean).join('\n') || null
    document.comment = null
    document.contents = group
  }
  let group = document.contents as unknown
  for (const key of path) {
    if (!isMap(group)) return undefined
    const pair = find(group, key)
    if (pair === undefined && !make) return undefined
    const inner = pair && opened(document, pair)
    if (isMap(inner)) group = inner
    else if (!make) return undefined
    else {
      const made = new YAMLMap()
      if (pair === undefined) add(group, document.createPair(key, made))
      else {
        // `limits:` with nothing but comments below it.
        if (isScalar(inner)) Object.assign(made, { commentBefore: inner.commentBefore, comment: inner.comment })
        pair.value = made
      }
      group = made
    }
  }
  return isMap(group) ? group : undefined
}

// An alias becomes a copy: what it stands for may be meant for others, too.
function opened(document: Text, pair: Pair): unknown {
  if (isAlias(pair.value)) {
    const copy: unknown = pair.value.resolve(document)?.clone()
    if (copy instanceof YAMLMap || copy instanceof Scalar) delete copy.anchor
    pair.value = copy
  }
  return pair.value
}

function add(group: YAMLMap, pair: Pair): void {
  // An empty group in braces is better written out.
  if (group.items.length === 0) group.flow = false
  group.items.push(pair)
}

function put(document: Text, group: YAMLMap, key: string, value: unknown): void {
  const pair = find(group, key)
  const node = document.createNode(value)
  if (pair === undefined) return add(group, document.createPair(key, node))
  const former = pair.value
  if (isScalar(former) && isScalar(node))
    Object.assign(node, { commentBefore: former.commentBefore, comment: former.comment, spaceBefore: former.spaceBefore })
  pair.value = node
}

function remove(group: YAMLMap, key: string, keep: boolean): void {
  const index = group.items.findIndex((item) => item === find(group, key))
  if (index < 0) return
  const [gone] = group.items.splice(index, 1)
  const said = keep && isScalar(gone?.key) ? gone.key.commentBefore : undefined
  if (!said) return
  const next = group.items[index]?.key
  const join = (text: string | null | undefined): string => [said, text].filter(Boolean).join('\n')
  if (isScalar(next)) next.commentBefore = join(next.commentBefore)
  else group.comment = join(group.comment)
}
