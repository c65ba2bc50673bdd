export type { Localised } from '@mingdan/kernel';
export { claimPaid, type Holder, putDown, renewLeases, takeOverDue } from './claim.ts';
export { createOrder, type NewOrder, OrderRefused } from './create.ts';
export { expire, takeOverdue, takeUnclosed } from './expire.ts';
export { completeIfDelivered, failAndRefund, parkDelivery } from './finish.ts';
export {
  type Delivery,
  findOrder,
  findOrderByConfirmation,
  ORDER_COLUMNS,
  type Order,
  openInput,
  ordersOfUser,
} from './order.ts';
export { prepareDatabase, WEBHOOK_ROLE } from './prepare.ts';
export { findProduct, listProducts, type Product } from './products.ts';
export { type NoticeToRecord, quietVerdicts, type RecordedNotice, recordNotice } from './record-notice.ts';
export {
  claimRefunds,
  leaveRefundToOperators,
  postponeRefund,
  type RefundRecord,
  type RefundStatus,
  refundStatusOf,
  requestRefundOfOrder,
  settleRefund,
} from './refund-records.ts';
export { canMove, firstStatus, type OrderMove, type OrderStatus, orderMoves, orderStatuses } from './states.ts';
export {
  countFailure,
  type FinishedStep,
  type Holding,
  OrderTakenAway,
  type SavedStep,
  type StepCost,
  savedSteps,
  saveStep,
} from './steps.ts';
export {
  findUser,
  forgetEnded,
  forgetUser,
  type Language,
  languages,
  rememberPromoter,
  rememberTelegramUser,
  setLanguage,
  type User,
} from './users.ts';
