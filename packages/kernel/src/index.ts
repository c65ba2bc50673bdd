export { backoffMs } from './backoff.ts';
export { type Clock, pause, systemClock } from './clock.ts';
export { MingdanError, type MingdanErrorOptions, messageOf } from './errors.ts';
export type { Localised } from './localised.ts';
export { createLogger, type Logger, type LogOptions } from './log.ts';
export {
  type Currency,
  currencies,
  decimalsOf,
  formatAmount,
  isCurrency,
  type Money,
  moneyText,
  parseAmount,
} from './money.ts';
export { createSealer, openNotice, type Sealer } from './notice-seal.ts';
export {
  type OrderKind,
  orderNumber,
  orderNumberPattern,
  splitGatewayOrderId,
} from './order-number.ts';
export { randomCode, randomToken } from './random.ts';
export { createVault, type DataKey, type Vault, VaultError } from './vault.ts';
