export { activatePaidMembership, type MembershipPayment, MembershipRefused } from './activate-membership.ts';
export { afterRefund } from './after-refund.ts';
export { amountIn } from './amounts.ts';
export { askForRefund, type RefundAnswer, type RefundOutcome, type RefundWish } from './ask-for-refund.ts';
export { type Attempt, attemptsOf } from './attempts.ts';
export { checkPayment, queryPayment } from './check-payment.ts';
export { type CoinPart, coinPartOf, payPartWithCoins } from './coin-part.ts';
export {
  compareDay,
  compareYesterday,
  comparisonsSince,
  type DayComparison,
  type Difference,
  yesterdayInShanghai,
} from './compare-days.ts';
export type { OperationDeps, OperationSettings } from './contract.ts';
export { type CorrectedEmail, correctOrderEmail } from './correct-order-email.ts';
export { cancelOrder, closeAtGateways, expireOrder } from './end-unpaid.ts';
export { OperationRefused } from './errors.ts';
export { type GatewayHealth, gatewayHealth, isUp, setGatewayMaintenance } from './gateway-health.ts';
export { claimForUser, newGift, orderClaimedGift } from './gifts.ts';
export { type DeliveredGoods, deliverByHand, type HandOver, readGoods } from './goods-of-order.ts';
export { openWords } from './inbox-words.ts';
export { loginLink, mayAskForLoginLink, ownPath, useLoginLink } from './login-link.ts';
export { type Buying, type Offer, offersAtAll, offersFor, payable, type Surface, subscriptionOffer } from './offer.ts';
export { operationSettings } from './operation-settings.ts';
export { orderLink, orderLinkToken, verifyOrderLink } from './order-link.ts';
export { type OrderStatusJson, orderStatusJson, type PaymentStatus, paymentStatus } from './order-status-json.ts';
export { askDuePayments, askOpenPayments, confirmPayment } from './reconcile.ts';
export {
  acceptRedPacket,
  claimRedPacketCode,
  enterRedPacketCode,
  type RedPacketAnswer,
  rejectRedPacket,
} from './red-packets.ts';
export { takeRefundAsCoins } from './refund-as-coins.ts';
export { type RefundPreview, refundPreview } from './refund-preview.ts';
export { type RefundWished, refundWished } from './refund-wish.ts';
export { readReport, resendReport } from './report-of-order.ts';
export { type Resolution, refundOverdueHeld, resolveInboxItem } from './resolve-inbox.ts';
export { type Found, wakeOutbox, wakeWorkers } from './settle.ts';
export { shopLink } from './shop-link.ts';
export { isPayable, type PaymentWish, type StartedPayment, startPayment } from './start-payment.ts';
export { type Stats, stats } from './stats.ts';
export { endRenewal, endSubscriptionsAtGateways } from './subscriptions.ts';
export { openMatter, tellOperators } from './tell-operators.ts';
export { askForWithdrawal } from './withdrawal.ts';
