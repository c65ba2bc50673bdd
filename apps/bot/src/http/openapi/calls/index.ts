import type { Call } from '../call.ts';
import { catalogueCalls } from './catalogue.ts';
import { coinCalls } from './coins.ts';
import { miniAppCalls, myCalls, sessionCalls } from './members.ts';
import { operatorCalls } from './operators.ts';
import { orderCalls } from './orders.ts';
import { pageCalls } from './pages.ts';
import { paymentCalls } from './payments.ts';

/** Every call of the API. A route that is missing here, or a description without its route, fails a test. */
export const calls: readonly Call[] = [
  ...catalogueCalls,
  ...orderCalls,
  ...paymentCalls,
  ...sessionCalls,
  ...coinCalls,
  ...miniAppCalls,
  ...myCalls,
  ...operatorCalls,
  ...pageCalls,
];
