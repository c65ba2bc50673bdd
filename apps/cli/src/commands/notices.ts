import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isProduction, persistedSecrets, repositoryRoot } from '@mingdan/config';
import { type Db, row, rows } from '@mingdan/db';
import { formatAmount, isCurrency, MingdanError, openNotice } from '@mingdan/kernel';
import type { Command } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import { countArgument, idArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { fields, timeText } from '../print.ts';

const DEFAULT_LIMIT = 20;

export function registerNotices(program: Command, context: Context): void {
  const notices = group(program, 'notices', 'What the gateways sent, and what became of it.');
  answering(notices, context, 'list', 'The newest notices, or those that were refused.', (_, options) =>
    withDatabase(context, async (db) => {
      const limit = Number(options.limit);
      return options.refused === true ? listRefused(context, db, limit) : list(context, db, limit);
    }),
  )
    .option('--refused', 'those that were refused, and why')
    .option('--limit <n>', 'how many', countArgument, DEFAULT_LIMIT);
  answering(
    notices,
    context,
    'show <id>',
    'One notice, with its bytes as they came in where they are kept.',
    ([id = ''], options) => show(context, idArgument(id), typeof options.key === 'string' ? options.key : null),
  ).option('--key <file>', 'holds the private key that opens them (mingdan keys notice); in development the kept one');
}

interface Notice {
  id: number;
  provider: string;
  eventId: string;
  kind: string;
  orderNo: string | null;
  paymentId: string | null;
  refundId: string | null;
  amountMinor: number | null;
  currency: string | null;
  verdict: string;
  repeats: number;
  occurredAt: Date | null;
  receivedAt: Date;
}

const NOTICE = `id, provider, event_id as "eventId", kind, order_no as "orderNo", provider_payment_id as "paymentId", refund_id as "refundId",
  amount_minor as "amountMinor", currency, verdict, repeats, occurred_at as "occurredAt", received_at as "receivedAt"`;

async function list(context: Context, db: Db, limit: number): Promise<Answer> {
  const found = await rows<Notice>(db, `select ${NOTICE} from payment_notifications order by id desc limit :limit`, {
    limit,
  });
  const lines = found.flatMap((notice) => [
    `#${notice.id}  ${notice.provider}  ${notice.kind} → ${notice.verdict}`,
    `  ${[timeText(notice.receivedAt), notice.orderNo].filter(Boolean).join('  ')}`,
  ]);
  return { json: found.map(toJson), lines: lines.length === 0 ? [context.texts().t('notices.none')] : lines };
}

async function listRefused(context: Context, db: Db, limit: number): Promise<Answer> {
  const found = await rows<{ provider: string; why: string; size: number; refused_at: Date }>(
    db,
    'select provider, why, size, refused_at from refused_notices order by refused_at desc limit :limit',
    { limit },
  );
  const lines = found.map(({ provider, why, refused_at }) => `${timeText(refused_at)}  ${provider}  ${why}`);
  return { json: found, lines: lines.length === 0 ? [context.texts().t('notices.refused_none')] : lines };
}

async function show(context: Context, id: number, keyFile: string | null): Promise<Answer> {
  const { notice, sealed } = await withDatabase(context, (db) => find(db, id));
  const { t } = context.texts();
  const raw = sealed === null ? null : open(await privateKey(context, keyFile), sealed);
  return {
    json: { ...toJson(notice), raw },
    lines: [
      `#${notice.id}  ${notice.provider}  ${notice.kind} → ${notice.verdict}`,
      ...fields(Object.entries(toJson(notice)).map(([name, value]) => [name, plain(value)] as const)),
      ...(raw === null ? [t('notices.not_kept')] : [t('notices.raw'), raw]),
    ],
  };
}

async function find(db: Db, id: number): Promise<{ notice: Notice; sealed: Buffer | null }> {
  const found = await row<Notice & { raw: Buffer | null }>(
    db,
    `select ${NOTICE}, raw from payment_notifications where id = :id`,
    { id },
  );
  if (!found) throw new MingdanError('not_found', `there is no notice ${id}`, { hint: 'See: mingdan notices list' });
  const { raw, ...notice } = found;
  return { notice, sealed: raw };
}

function toJson(notice: Notice): Record<string, unknown> {
  const { id, provider, kind, verdict, repeats, amountMinor: minor, currency } = notice;
  return {
    id,
    provider,
    event_id: notice.eventId,
    kind,
    order_no: notice.orderNo,
    payment_id: notice.paymentId,
    refund_id: notice.refundId,
    amount: minor !== null && isCurrency(currency) ? formatAmount({ minor, currency }) : null,
    currency,
    verdict,
    repeats,
    occurred_at: notice.occurredAt,
    received_at: notice.receivedAt,
  };
}

function plain(value: unknown): string | number | null {
  if (value instanceof Date) return timeText(value);
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

async function privateKey(context: Context, file: string | null): Promise<KeyObject> {
  if (file !== null) return keyOf(await textOf(file));
  if (!isProduction(context.environment())) return keyOf(persistedSecrets(repositoryRoot).NOTICE_PRIVATE_KEY);
  throw new MingdanError('no_key', 'its bytes are sealed', {
    hint: 'Name the file of the private key: --key notice.key',
  });
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new MingdanError('no_such_file', `${file} cannot be read`, {
      hint: 'Name the file of the private key',
      cause,
    });
  }
}

/** As `mingdan keys notice` prints it, with or without the name before it; or PEM. */
function keyOf(text: string): KeyObject {
  const value = text.replace(/^[\s\S]*NOTICE_PRIVATE_KEY=/, '').trim();
  try {
    if (value.includes('-----BEGIN')) return createPrivateKey(value);
    const [base64 = ''] = value.split(/\s/);
    return createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' });
  } catch {
    // The reasons of node:crypto may quote the key.
    throw new MingdanError('bad_key', 'that is no private key', { hint: 'mingdan keys notice makes one' });
  }
}

function open(key: KeyObject, sealed: Buffer): string {
  try {
    return openNotice(key, sealed).toString('utf8');
  } catch {
    throw new MingdanError('sealed_for_other', 'this key does not open it', {
      hint: 'It was sealed for another key pair: use the private half of the NOTICE_PUBLIC_KEY of that day',
    });
  }
}
