import type { Clock } from '@mingdan/kernel';
import type { OpenAI } from 'openai';
import { z } from 'zod';
import { retryable } from './model-error.ts';
import { toModelError } from './model-status.ts';

export interface Balance {
  available: boolean;
  /** decimal text, as the endpoint writes it */
  amounts: { currency: string; total: string }[];
}

const TIMEOUT_MS = 15_000;

const modelsSchema = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });

const balanceSchema = z.looseObject({
  is_available: z.boolean(),
  balance_infos: z
    .array(z.looseObject({ currency: z.string(), total_balance: z.union([z.string(), z.number()]).transform(String) }))
    .catch([]),
});

export async function readModels(client: OpenAI, clock: Clock): Promise<string[] | undefined> {
  const data = await get(client, '/models', clock);
  if (data === undefined) return undefined;
  return parse(modelsSchema, data).data.map((model) => model.id);
}

export async function readBalance(client: OpenAI, clock: Clock): Promise<Balance | undefined> {
  const data = await get(client, '/user/balance', clock);
  if (data === undefined) return undefined;
  const balance = parse(balanceSchema, data);
  const amounts = balance.balance_infos.map((info) => ({ currency: info.currency, total: info.total_balance }));
  return { available: balance.is_available, amounts };
}

/** Undefined where the endpoint does not know the path: both are DeepSeek's extras, and any compatible endpoint may serve. */
async function get(client: OpenAI, path: string, clock: Clock): Promise<unknown> {
  try {
    return await client.get<unknown>(path, { timeout: TIMEOUT_MS });
  } catch (error) {
    const status: unknown = (error as { status?: unknown }).status;
    if (status === 404 || status === 405 || status === 501) return undefined;
    throw toModelError(error, clock.now());
  }
}

function parse<T>(schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    throw retryable('model_bad_answer', 'the endpoint answered in an unknown shape', 'Check DEEPSEEK_BASE_URL');
  }
  return parsed.data;
}
