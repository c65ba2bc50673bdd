import { gunzipSync } from 'node:zlib';
import { messageOf } from '@mingdan/kernel';
import { z } from 'zod';
import { YuanfenjuRefused, YuanfenjuUnreachable } from './contract.ts';

/** Documented as a string, answered as a number: compared as a number. */
const answerSchema = z.object({
  errcode: z.union([z.number(), z.string()]),
  errmsg: z.string().nullish(),
  notice: z.string().nullish(),
  data: z.unknown().optional(),
});

export const paipanSchema = z.looseObject({
  bazi_info: z.looseObject({ bazi: z.array(z.string().trim().length(2)).length(4) }),
});

export const merchantSchema = z.looseObject({
  merchant_type: z.coerce.string().nullish(),
  merchant_expire_time: z.coerce.string().nullish(),
  merchant_remaining_call_times: z.coerce.string().nullish(),
});

export interface YuanfenjuOptions {
  /** https://api.yuanfenju.com/index.php */
  baseUrl: string;
  apiKey: string;
  timeoutMs: number;
  fetch?: typeof fetch;
}

/** Refusals that are the vendor's trouble and pass by themselves. */
const PASSING = /频繁|频率|过快|限流|稍后|繁忙|系统|服务器|服务异常|超时|timeout|busy|too many/i;
/** A chart is some 30 KB; anything far above it is no answer. */
const MAX_BYTES = 4_000_000;

function unreachable(code: string, message: string, cause?: unknown): YuanfenjuUnreachable {
  const hint =
    'Yuanfenju is slow, down or in the way of a proxy: it is tried again; set BAZI_SOURCE=local to do without';
  return new YuanfenjuUnreachable(code, message, cause === undefined ? { hint } : { hint, cause });
}

function refused(code: string, message: string, hint: string): YuanfenjuRefused {
  return new YuanfenjuRefused(code, message, { hint });
}

/** The body may be gzip without a header that says so. */
function textOf(bytes: Buffer): string {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  return gunzipSync(bytes, { maxOutputLength: MAX_BYTES }).toString('utf8');
}

function parseAnswer(bytes: Buffer): z.output<typeof answerSchema> {
  try {
    return answerSchema.parse(JSON.parse(textOf(bytes)));
  } catch (cause) {
    throw unreachable('yuanfenju_no_json', 'yuanfenju answered something that is not its JSON', cause);
  }
}

/** What the vendor echoed may hold a birth; its reason is kept to one short line without digits runs. */
const reasonOf = (errmsg: string | null | undefined): string => (errmsg ?? '').replace(/\d{4,}/g, '…').slice(0, 120);

function judge(answer: z.output<typeof answerSchema>, path: string): unknown {
  if (Number(answer.errcode) === 0 && answer.errcode !== '') return answer.data;
  const reason = reasonOf(answer.errmsg);
  const message = `yuanfenju ${path}: ${String(answer.errcode).slice(0, 20)} ${reason}`;
  if (PASSING.test(reason)) throw unreachable('yuanfenju_busy', message);
  throw refused(
    'yuanfenju_refused',
    message,
    'Check YUANFENJU_API_KEY, its expiry and its remaining calls (`mingdan doctor`)',
  );
}

async function send(options: YuanfenjuOptions, path: string, form: Record<string, string>, signal?: AbortSignal) {
  const limit = AbortSignal.timeout(options.timeoutMs);
  const url = `${options.baseUrl.replace(/\/+$/, '')}${path}`;
  try {
    const response = await (options.fetch ?? fetch)(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      // The key stays in the body: in a URL it would land in access logs.
      body: new URLSearchParams({ api_key: options.apiKey, ...form }).toString(),
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
  } catch (cause) {
    throw unreachable('yuanfenju_unreachable', `yuanfenju did not answer: ${messageOf(cause)}`, cause);
  }
}

/**
 * One call; the whole of it within `timeoutMs` milliseconds.
 * @returns `data` and `notice` of a successful answer
 * @throws YuanfenjuRefused, YuanfenjuUnreachable
 */
export async function callYuanfenju(
  options: YuanfenjuOptions,
  path: string,
  form: Record<string, string>,
  signal?: AbortSignal,
): Promise<{ data: unknown; notice: string | null }> {
  const { status, bytes } = await send(options, path, form, signal);
  if (status >= 500 || status === 429 || status === 408) {
    throw unreachable('yuanfenju_unreachable', `yuanfenju answered HTTP ${status}`);
  }
  if (status >= 400) {
    throw refused(
      'yuanfenju_refused',
      `yuanfenju answered HTTP ${status}`,
      'Check YUANFENJU_BASE_URL and YUANFENJU_API_KEY',
    );
  }
  if (bytes.length > MAX_BYTES) throw unreachable('yuanfenju_no_json', 'yuanfenju answered far too much');
  const answer = parseAnswer(bytes);
  return { data: judge(answer, path), notice: answer.notice ?? null };
}
