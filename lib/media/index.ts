export { Feed, type Sink } from './feed.js'
export { Health } from './health.js'
export type {
  ArrivalMeasures,
  DamageMeasures,
  Drift,
  FrameRates,
  HealthMeasures,
  JumpMeasures,
  KeyFrameMeasures,
  Rates,
  ReorderMeasures,
  TotalRates,
  TrackMeasures,
  ViewingMeasures,
} from './health-measures.js'
export { Viewing } from './viewing.js'
export { type FileKind, type FileName, folderOf, formatName, NAME_TIMESCALE, parseName } from './names.js'
export type { Period } from './period.js'
export { type FoundPart, Presentation, type PresentationOwner, type PresentationSettings } from './presentation.js'
export type { Title } from './title.js'
export {
  type Container,
  containerOf,
  createWriter,
  type FileType,
  FILES,
  type PartFacts,
  parseRendition,
  type RenditionId,
  tracksOf,
  type Writer,
  type Written,
} from './rendition.js'
export { type Grid, Part, PeriodWriters, Segment, type StoredSegment } from './segment.js'
export { type Lengths, Segmenter, type SegmenterOwner } from './segmenter.js'
export { Timeline, type TimelineOwner } from './timeline.js'
export { type Files, type FolderEntry, MediaFolder, type OpenFile, type Read, type Wrote } from './folder.js'
export { SegmentStore, type StoredFile } from './store.js'
