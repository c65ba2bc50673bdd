export {
  type AssembledSection,
  assembleReport,
  entertainmentNotice,
  pillarsNote,
  type ReportParts,
  reportTitle,
  sectionTitle,
} from './assemble.ts';
export { type CheckOptions, type CheckProblem, checkSection } from './check.ts';
export { type CustomerWords, cleanCustomerWords } from './fenced-data.ts';
export { type Language, languages } from './language.ts';
export { toPlainText } from './markdown/plain-text.ts';
export { toSafeHtml } from './markdown/safe-html.ts';
export { splitForTelegram, TELEGRAM_LIMIT } from './markdown/split.ts';
export {
  createModel,
  type Model,
  type ModelOptions,
  modelUserId,
  type Prices,
  type WriteRequest,
  type Written,
} from './model.ts';
export type { Balance } from './model-account.ts';
export { type CallCost, ModelError, type ModelErrorKind, type TokenUsage } from './model-error.ts';
export {
  loadProduct,
  type ReportProduct,
  type ReportSection,
  reportProducts,
  sectionsOf,
  sharedText,
} from './products.ts';
export { buildPrompt, type Prompt, type PromptRequest } from './prompt.ts';
export { cardName, type DrawnCard, describeCards, drawCards, drawnCardSchema } from './tarot.ts';
export { type SectionJob, type SectionWriter, type WrittenSection, writeSection } from './write-section.ts';
