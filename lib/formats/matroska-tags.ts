import { ID, readElements, readString, readUnsigned } from './ebml.js'

/** Reads the body of a Tags element (RFC 9559 section 5.1.8): what concerns the whole Segment, by lower-case name. */
export function readTags(body: Buffer): Record<string, string> {
  const comments: Record<string, string> = {}
  for (const tag of readElements(body)) {
    if (tag.id !== ID.Tag) continue
    const children = [...readElements(tag.body)]
    const targets = children.find((child) => child.id === ID.Targets)
    // A tag with a track's UID speaks of that track alone; UID 0 is all of them.
    const ofTrack =
      targets && [...readElements(targets.body)].some((child) => child.id === ID.TagTrackUid && readUnsigned(child.body) !== 0)
    if (ofTrack) continue
    for (const child of children) {
      if (child.id !== ID.SimpleTag) continue
      const parts = [...readElements(child.body)]
      const name = parts.find((part) => part.id === ID.TagName)
      const text = parts.find((part) => part.id === ID.TagString)
      if (name && text && name.body.length > 0) comments[readString(name.body).toLowerCase()] = readString(text.body)
    }
  }
  return comments
}
