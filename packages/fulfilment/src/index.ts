export { alarm } from './alarm.ts';
export { botStart } from './bot-start.ts';
export { type ConfirmingDeps, confirmStep } from './confirm.ts';
export {
  CannotGive,
  type Fulfiller,
  type FulfillerKey,
  type FulfilmentDeps,
  fulfillerKey,
  type Stage,
  type Step,
  type StepContext,
  type StepOutcome,
} from './contract.ts';
export { dayText } from './day-text.ts';
export { amountsText, amountText, failOrder } from './fail.ts';
export { type GiftDeps, giftFulfiller, giftLink, giftPage } from './gift/steps.ts';
export { countRefusal, mayAskModel, modelAnswered, pauseFulfilment, STREAK_LIMIT } from './health.ts';
export { coinsFulfiller } from './kinds/coins/steps.ts';
export { BY_HAND, type GoodsDeps, type HandedOver, handedOverSchema } from './kinds/goods/contract.ts';
export { codesMessages, goodsFulfiller } from './kinds/goods/steps.ts';
export { membershipFulfiller } from './kinds/membership/steps.ts';
export type { ReportDeps } from './kinds/report/contract.ts';
export { deliveryMessages, type RenderedReport, renderedReport } from './kinds/report/deliver.ts';
export { reportFulfiller } from './kinds/report/steps.ts';
export { paymentMessageEdits, paymentMessageKey } from './payment-messages.ts';
export { grantedPercent, type RefundRule, refundRules } from './refund-rules.ts';
export { runOrder } from './run-order.ts';
export { createSlots, type Slots } from './slots.ts';
export { type Reachable, type SaidToBuyer, tellBuyer, toBuyer, toMailbox } from './tell-buyer.ts';
