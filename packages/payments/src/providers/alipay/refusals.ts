import type { GatewayRefused, GatewayUnreachable } from '../../contract.ts';
import { orderIdUsed, refused, unreachable } from '../../gateway-call.ts';
import { cleanText, translate } from '../../wire-text.ts';
import type { Answer, Question } from './ask.ts';

/** Alipay does not know itself: it may have been done. 10003 is "in progress". */
const UNSURE_CODES = ['10003', '20000'];
const UNSURE = /SYSTEM_ERROR$|^isp\.|unknow-error$|call-limited$/;

/** The trade of this number is over, or was opened with other particulars: another attempt needs another number. */
const ID_USED = ['ACQ.TRADE_HAS_CLOSE', 'ACQ.CONTEXT_INCONSISTENT'];

const KEYS = "Compare ALIPAY_APP_ID and ALIPAY_PRIVATE_KEY with the app's page on the Alipay open platform";
const HINTS: Readonly<Record<string, string>> = {
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': 'Top up the Alipay balance, then try the refund again',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL':
    'More than what is left of the payment: look at its refunds in the console of Alipay',
  'ACQ.TRADE_HAS_FINISHED': 'The time for refunds is over: pay it back by hand',
  'ACQ.TRADE_NOT_ALLOW_REFUND': 'This payment takes no refund: look at it in the console of Alipay',
  'ACQ.TRADE_HAS_CLOSE': 'The trade is closed: unpaid, or given back as a whole',
  'ACQ.TRADE_HAS_SUCCESS': 'It is paid already: ask for the payment',
  'ACQ.DISCORDANT_REPEAT_REQUEST': 'The same refund id was used for another amount',
  'isv.invalid-signature': KEYS,
  'isv.missing-signature': KEYS,
  'isv.invalid-app-id': KEYS,
  'isv.invalid-timestamp': 'The clock of this machine is wrong',
};

/** What an answer that is not 10000 means: a no, or that nobody knows. */
export function refusalOf(question: Question, answer: Answer): GatewayRefused | GatewayUnreachable {
  const { code, subCode } = answer;
  const why = cleanText(subCode ? `${code} ${subCode}` : code);
  if (UNSURE_CODES.includes(code) || UNSURE.test(subCode ?? '')) return unreachable(question, why);
  // A no that nobody signed must not end a refund: with its own number it can be asked for again.
  if (!answer.signed && question.what === 'refund') return unreachable(question, `${why}, unsigned`);
  if (question.what === 'create' && ID_USED.includes(subCode ?? '')) return orderIdUsed(question, why);
  return refused(question, why, hintFor(code, subCode));
}

function hintFor(code: string, subCode: string | null): string {
  const known = translate(HINTS, subCode ?? '');
  if (known) return known;
  if (code === '40006') return 'The app has no permission for this: sign the product on the Alipay open platform';
  return code === '20001' ? KEYS : 'See the payment in the console of Alipay';
}
