export type { Localised } from '@mingdan/kernel';
export { claimPaid, type Holder, putDown, renewLeases, takeOverDue } from './claim.ts';
export { type CoinHistory, coinHistory } from './coin-history.ts';
export {
  type CreditedCoins,
  coinsTakenFor,
  creditCoins,
  creditedCoins,
  returnTakenCoins,
  takeCoinsBack,
} from './coin-orders.ts';
export {
  type CoinEntry,
  type CoinGrant,
  type CoinPayment,
  type CoinRefund,
  coinBalance,
  coinEntries,
  coinPayment,
  coinsAddUp,
  giveCoinsBack,
  grantCoins,
  IS_COIN_PART,
  payWithCoins,
  type UsedCoins,
  useCoins,
} from './coins.ts';
export { correctEmail, correctionsLeft } from './correct-email.ts';
export { type CouponOff, type CouponUse, couponPattern, previewCoupon } from './coupons.ts';
export { createOrder, type NewOrder } from './create.ts';
export { expire, takeOverdue, takeUnclosed } from './expire.ts';
export { completeIfDelivered, failAndRefund, parkDelivery } from './finish.ts';
export {
  type Claimer,
  claimGift,
  endGift,
  findGift,
  type Gift,
  type GiftClaim,
  type GiftOfOrder,
  type GiftStanding,
  type GiftToken,
  giftCause,
  giftOfOrder,
  isGiftOpen,
  newGiftToken,
  openGift,
  orderOfGift,
  renewGift,
  reviveGift,
  revokeGift,
  standingOf,
} from './gifts.ts';
export {
  findHeldPayment,
  type HeldOutcome,
  type HeldPayment,
  hasHeldMoney,
  isHeld,
  overdueHeldPayments,
  settleHeldPayment,
} from './held-payments.ts';
export { createHouse, type House } from './house.ts';
export {
  activateMembership,
  endOfPeriod,
  hasFreeReading,
  MEMBER_READING,
  type Membership,
  type MembershipPeriod,
  membershipCause,
  membershipOf,
  revokeMembership,
  syncMembership,
  takeEndingMemberships,
} from './memberships.ts';
export { answersTo, type OddMoney, type OddMoneyAnswer, oddMoney } from './odd-money.ts';
export {
  defaultOperatorNotices,
  type OperatorNoticeKind,
  type OperatorSettings,
  operatorNoticeKinds,
  operatorNoticesSchema,
  operatorTopicsSchema,
  readOperatorSettings,
} from './operator-settings.ts';
export {
  clientDigest,
  type Delivery,
  dueOf,
  emailDigest,
  findOrder,
  findOrderByConfirmation,
  findOrderByExternalId,
  findOrderByPayment,
  ORDER_COLUMNS,
  type Order,
  openEmail,
  openInput,
  openOrdersOf,
  orderPage,
  ordersOfUser,
} from './order.ts';
export { type GiftOrder, orderByGift } from './order-by-gift.ts';
export { prepareDatabase, WEBHOOK_ROLE } from './prepare.ts';
export { type PricedOrder, previewPrice, priceOf } from './price.ts';
export { findProduct, findProductById, listProducts, type Product, slugPattern } from './products.ts';
export {
  decideWithdrawal,
  earningsOf,
  openDestination,
  type Promoter,
  type PromoterEarnings,
  PromoterRefused,
  promoterOf,
  requestWithdrawal,
  type Withdrawal,
  withdrawals,
} from './promoters.ts';
export { type NoticeToRecord, quietVerdicts, type RecordedNotice, recordNotice } from './record-notice.ts';
export {
  CLAIM_MINUTES,
  claimRedPacket,
  decideRedPacket,
  type EnteredRedPacket,
  enterRedPacket,
  findRedPacket,
  forgetRedPackets,
  listRedPackets,
  type RedPacket,
  type RedPacketDecision,
  type RedPacketEvent,
  type RedPacketStanding,
  type RedPacketState,
  redPacketEvents,
  redPacketOfOrder,
  redPacketOver,
  redPacketPaymentId,
  redPacketStanding,
} from './red-packets.ts';
export { type RefundLine, refundLines } from './refund-lines.ts';
export {
  amountsOfRefunds,
  claimRefunds,
  type FoundRefund,
  findRefund,
  IS_OF_NOTHING_GIVEN,
  leaveRefundToOperators,
  OF_NOTHING_GIVEN,
  type OrderRefund,
  openRefundOf,
  paymentWithMostLeft,
  postponeRefund,
  type RefundRecord,
  type RefundStatus,
  refundOfOrder,
  refundStatusOf,
  requestRefundOfOrder,
  requestRefundWithId,
  settleRefund,
} from './refund-records.ts';
export { OrderRefused } from './refused.ts';
export {
  defaultRates,
  type Maintenance,
  type Rates,
  ratesOf,
  readMaintenance,
  readSiteSettings,
  readSupportContact,
  type SiteSettings,
  writeSetting,
} from './site-settings.ts';
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
  addCodes,
  codesOfOrder,
  commitStock,
  releaseUnseenCodes,
  reserveStock,
  StockRefused,
  setStock,
} from './stock.ts';
export {
  bookedUnder,
  endSubscriptionOfRefund,
  endSubscriptionsOf,
  isSubscribable,
  noteSubscriptionState,
  recordRenewal,
  runningSubscription,
  type Subscription,
  subscriptionEnded,
  subscriptionNotEnded,
  takeEndingSubscriptions,
} from './subscriptions.ts';
export {
  findUser,
  forgetEnded,
  forgetUser,
  knownTelegramUser,
  type Language,
  languages,
  rememberPromoter,
  rememberTelegramUser,
  setLanguage,
  type User,
} from './users.ts';
