export { BirthError, type BirthErrorCode, type BirthField } from './birth-error.ts';
export {
  type BirthInput,
  birthErrorOf,
  birthInputSchema,
  type OrderBirth,
  orderBirthSchema,
  readBirth,
} from './birth-input.ts';
export { type Analysis, type Chart, computeChart, type TermDistance } from './chart.ts';
export { checkBirth, checkOrderBirth } from './check-birth.ts';
export type { Element, PerElement } from './elements.ts';
export { answerJsonLine } from './jsonl.ts';
export type { Decade, Luck } from './luck.ts';
export type { Correction, LunarDate } from './moment.ts';
export { hasLeapMonth, type ParsedDate, parseDate } from './parse/date.ts';
export { parseGender } from './parse/gender.ts';
export { type BirthLine, parseBirthLine } from './parse/line.ts';
export { type ParsedTime, parseTime, type TimeNote } from './parse/time.ts';
export { type Derived, derive, type PerPillar, PILLARS, type PillarName, type Pillars } from './pillars.ts';
export { findPlace, suggestPlaces } from './places/find.ts';
export type { Place } from './places/tables.ts';
export { type Relation, relationsWith } from './relations.ts';
export { equationOfTime, meanSolarTime, trueSolarTime } from './solar-time.ts';
export {
  type BaziSource,
  type BaziSourceName,
  type SourceAnswer,
  type VendorData,
  YuanfenjuRefused,
  YuanfenjuUnreachable,
} from './sources/contract.ts';
export { createLocalSource } from './sources/local.ts';
export {
  createYuanfenjuSource,
  type YuanfenjuAccount,
  type YuanfenjuOptions,
  type YuanfenjuSource,
} from './sources/yuanfenju.ts';
export type { Favourable, Strength } from './strength.ts';
export type { Warning } from './warnings.ts';
export { type Flow, type MonthFlow, type Outlook, outlookOf, type YearFlow } from './years.ts';
