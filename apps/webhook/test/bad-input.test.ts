import { sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { RawNotice } from '@mingdan/payments/verifiers';
import type { NoticeStore } from '../src/store.ts';
import { cases, type GatewayCase, noticeOf, send, verifiers, WECHAT_KEY_ID, wechatKeys } from './gateways.ts';
import { fakeStore, givenApp } from './given.ts';

const order = { orderNo: 'REPORT_20261121_7K3M9QXA', amount: { minor: 1990, currency: 'CNY' } } as const;
const paid = (gateway: GatewayCase, changes: Parameters<typeof noticeOf>[2] = {}) => noticeOf(gateway, order, changes);

interface Outcome {
  readonly status: number;
  /** what was taken for true */
  readonly recorded: readonly Parameters<NoticeStore['record']>[0][];
}

async function tell(gateway: GatewayCase, notice: RawNotice): Promise<Outcome> {
  const { store, recorded } = fakeStore();
  const { app, lines } = givenApp(store, { verifiers });
  const { status } = await send(app, `/webhook/${gateway.provider}`, notice);
  expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  return { status, recorded: recorded.map(([told]) => told) };
}

const REFUSED: Outcome = { status: 401, recorded: [] };

/** The same body with other bytes; headers as they were. */
const withBody = (notice: RawNotice, body: string | Buffer): RawNotice => ({ ...notice, body: Buffer.from(body) });
const textOf = ({ body }: RawNotice): string => body.toString('utf8');
const isForm = ({ provider }: GatewayCase): boolean => provider === 'alipay';

/** Refused, or taken for nothing but what was signed. */
async function refusedOrAsSigned(gateway: GatewayCase, changed: RawNotice, signed: RawNotice): Promise<void> {
  const { status, recorded } = await tell(gateway, changed);
  if (status === 200) {
    const expected = await tell(gateway, signed);
    expect(recorded).toEqual(expected.recorded);
  } else {
    expect([400, 401]).toContain(status);
    expect(recorded).toEqual([]);
  }
}

describe.each(cases)('$name', (gateway) => {
  const notice = paid(gateway);

  test('with any byte of its body changed is refused, or says what was signed', async () => {
    const { body } = notice;
    const places = Array.from({ length: 24 }, (_, at) => Math.floor((body.length * at) / 24));
    for (const place of places) {
      const changed = Buffer.from(body);
      changed[place] = (changed[place] ?? 0) ^ 1;
      await refusedOrAsSigned(gateway, withBody(notice, changed), notice);
    }
  });

  test('about another order than was signed is refused', async () => {
    const other = textOf(notice).replaceAll('7K3M9QXA', '7K3M9QXB');
    if (other !== textOf(notice)) expect(await tell(gateway, withBody(notice, other))).toEqual(REFUSED);
  });

  test('with the signature of another notice is refused', async () => {
    const other = noticeOf(gateway, { ...order, orderNo: 'REPORT_20261121_7K3M9QXC' });
    const mixed =
      gateway.signs === 'bytes' ? { ...notice, headers: other.headers } : withSignature(notice, signatureIn(other));
    expect(await tell(gateway, mixed)).toEqual(REFUSED);
  });

  test('of an hour ago or ahead is refused where its time is signed, and is the same event where it is not', async () => {
    for (const minutes of [-60, 60]) {
      const aged = paid(gateway, { at: new Date(Date.now() + minutes * 60_000) });
      const { status } = await tell(gateway, aged);
      expect({ minutes, status }).toEqual({ minutes, status: gateway.signsTime ? 401 : 200 });
    }
  });

  test('written anew by another JSON or form writer is refused, or says what was signed', async () => {
    const text = textOf(notice);
    const anew = isForm(gateway)
      ? new URLSearchParams([...new URLSearchParams(text)].reverse()).toString()
      : JSON.stringify(JSON.parse(text), null, 2);
    await refusedOrAsSigned(gateway, withBody(notice, anew), notice);
    if (gateway.signs === 'bytes') expect(await tell(gateway, withBody(notice, anew))).toEqual(REFUSED);
  });

  test('with its header names in other letters is taken', async () => {
    for (const write of [(name: string) => name.toUpperCase(), (name: string) => name.toLowerCase()]) {
      const headers = Object.fromEntries(Object.entries(notice.headers).map(([name, value]) => [write(name), value]));
      const { status, recorded } = await tell(gateway, { ...notice, headers });
      expect({ status, kinds: recorded.map(({ kind }) => kind) }).toEqual({ status: 200, kinds: ['paid'] });
    }
  });

  test('behind a byte order mark is refused, or says what was signed', async () => {
    await refusedOrAsSigned(gateway, withBody(notice, `\ufeff${textOf(notice)}`), notice);
  });

  test('with a key or field that comes twice is refused, or says what was signed', async () => {
    const text = textOf(notice);
    const twice = isForm(gateway)
      ? [`${text}&total_amount=0.01`, `out_trade_no=OTHER&${text}`, `${text}&sign=AAAA`, `${text}&app_id=1`]
      : [
          text.replace('{', '{"amount":"0.01",'),
          `${text.slice(0, -1)},"order_id":"REPORT_20261121_7K3M9QXB","bizContent":"{}"}`,
          `${text.slice(0, -1)},"sign":"00","__proto__":{"status":"paid"}}`,
        ];
    for (const body of twice) await refusedOrAsSigned(gateway, withBody(notice, body), notice);
    if (isForm(gateway)) for (const body of twice) expect(await tell(gateway, withBody(notice, body))).toEqual(REFUSED);
  });

  test.each([
    '',
    '0',
    'ab',
    'a'.repeat(63),
    'a'.repeat(64),
    'a'.repeat(65),
    'a'.repeat(127),
    'a'.repeat(128),
    'a'.repeat(129),
    'A'.repeat(344),
    `${'A'.repeat(343)}=`,
    '0'.repeat(6_000),
    'é'.repeat(64),
    't=1,v1=00',
    'sha256=',
    '{}',
    'null',
    '%00',
  ])('with the signature %j is refused', async (signature) => {
    expect(await tell(gateway, withSignature(notice, signature))).toEqual(REFUSED);
  });

  test('without a body, with a body that is no notice, or in another alphabet is refused', async () => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    for (const body of [
      '',
      '{}',
      '[]',
      'null',
      '""',
      '0',
      '{"sign":{},"bizContent":[]}',
      '\u0000',
      '&&&===',
      '%',
      deep,
      '\ufeff',
    ]) {
      for (const headers of [notice.headers, {}]) {
        const { status, recorded } = await tell(gateway, { headers, body: Buffer.from(body) });
        expect([400, 401]).toContain(status);
        expect(recorded).toEqual([]);
      }
    }
    const bare = await tell(gateway, { headers: {}, body: Buffer.alloc(0) });
    expect([400, 401]).toContain(bare.status);
  });

  test('of 65 KB is too large, signed or not', async () => {
    expect(await tell(gateway, withBody(notice, Buffer.alloc(65 * 1024, 'a')))).toEqual({ status: 413, recorded: [] });
    const padded = withBody(notice, `${textOf(notice)}${' '.repeat(65_537 - notice.body.length)}`);
    expect(await tell(gateway, padded)).toEqual({ status: 413, recorded: [] });
  });
});

describe('a way to sign that nobody uses', () => {
  const of = (name: string) => cases.find((gateway) => gateway.name === name) as GatewayCase;
  const changedField = (gateway: GatewayCase, name: string, value: string): RawNotice => {
    const fields = new URLSearchParams(textOf(paid(gateway)));
    fields.set(name, value);
    return withBody(paid(gateway), fields.toString());
  };

  test.each(['RSA', 'MD5', 'HMAC', 'RSA2 ', 'rsa2', ''])('is refused as sign_type %j of Alipay', async (signType) => {
    expect(await tell(of('alipay'), changedField(of('alipay'), 'sign_type', signType))).toEqual(REFUSED);
  });

  test.each(['MD5', 'SHA1', 'NONE', '', 'sha256', null])(
    'is refused as signType %j of PingPong v4',
    async (signType) => {
      const notice = paid(of('pingpong v4'));
      const fields = { ...JSON.parse(textOf(notice)), signType };
      expect(await tell(of('pingpong v4'), withBody(notice, JSON.stringify(fields)))).toEqual(REFUSED);
    },
  );

  test('is refused as a signature type of WeChat Pay, and as a scheme of Stripe', async () => {
    const wechat = paid(of('wechat'));
    const headers = { ...wechat.headers, 'wechatpay-signature-type': 'WECHATPAY2-SM2-WITH-SM3' };
    expect(await tell(of('wechat'), { ...wechat, headers })).toEqual(REFUSED);
    const stripe = paid(of('stripe'));
    const v0 = String(stripe.headers['stripe-signature']).replace('v1=', 'v0=');
    expect(await tell(of('stripe'), { ...stripe, headers: { 'stripe-signature': v0 } })).toEqual(REFUSED);
  });
});

describe('WeChat Pay', () => {
  const gateway = cases.find(({ name }) => name === 'wechat') as GatewayCase;

  test.each(['ciphertext', 'nonce', 'associated_data'])(
    'with another %s under a right signature is refused',
    async (field) => {
      const envelope = JSON.parse(textOf(paid(gateway)));
      const value: string = envelope.resource[field];
      envelope.resource[field] = `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`;
      expect(await tell(gateway, signedByWechat(JSON.stringify(envelope)))).toEqual(REFUSED);
    },
  );

  test('with its tag cut off under a right signature is refused', async () => {
    const envelope = JSON.parse(textOf(paid(gateway)));
    for (const bytes of [0, 1, 15, 16, 17]) {
      const whole = Buffer.from(envelope.resource.ciphertext, 'base64');
      const resource = {
        ...envelope.resource,
        ciphertext: whole.subarray(0, bytes === 17 ? whole.length - 16 : bytes).toString('base64'),
      };
      const { status, recorded } = await tell(gateway, signedByWechat(JSON.stringify({ ...envelope, resource })));
      expect([400, 401]).toContain(status);
      expect(recorded).toEqual([]);
    }
  });

  test('of API v2, which is XML, cannot be read', async () => {
    const xml = '<xml><return_code><![CDATA[SUCCESS]]></return_code><out_trade_no>X</out_trade_no></xml>';
    expect(await tell(gateway, { headers: { 'content-type': 'text/xml' }, body: Buffer.from(xml) })).toEqual({
      status: 400,
      recorded: [],
    });
  });
});

/** Signed here by the published rule, apart from the product's own signer. */
function signedByWechat(body: string): RawNotice {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = 'a-nonce-of-the-tests';
  const signature = sign('RSA-SHA256', Buffer.from(`${timestamp}\n${nonce}\n${body}\n`), wechatKeys.privateKey);
  return {
    headers: {
      'content-type': 'application/json',
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': nonce,
      'wechatpay-serial': WECHAT_KEY_ID,
      'wechatpay-signature': signature.toString('base64'),
    },
    body: Buffer.from(body),
  };
}

const SIGNATURE_HEADERS = ['x-signature', 'wechatpay-signature', 'stripe-signature', 'hmac', 'x-mock-signature'];

/** The same notice with another signature, wherever the gateway has it. */
function withSignature(notice: RawNotice, signature: string): RawNotice {
  const name = Object.keys(notice.headers).find((header) => SIGNATURE_HEADERS.includes(header.toLowerCase()));
  if (name !== undefined) {
    // A header holds bytes of one byte each; Stripe's has the time in front.
    const latin = Buffer.from(signature, 'utf8').toString('latin1');
    return {
      ...notice,
      headers: {
        ...notice.headers,
        [name]:
          /^t=/.test(String(notice.headers[name])) && !latin.startsWith('t=')
            ? `t=${Math.floor(Date.now() / 1000)},v1=${latin}`
            : latin,
      },
    };
  }
  const text = textOf(notice);
  if (text.startsWith('{')) return withBody(notice, JSON.stringify({ ...JSON.parse(text), sign: signature }));
  const fields = new URLSearchParams(text);
  fields.set('sign', signature);
  return withBody(notice, fields.toString());
}

function signatureIn(notice: RawNotice): string {
  const text = textOf(notice);
  return text.startsWith('{') ? String(JSON.parse(text).sign) : (new URLSearchParams(text).get('sign') ?? '');
}
