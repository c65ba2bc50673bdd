import { createModel, type Model, ModelError } from '@mingdan/report';
import type { Context } from '../context.ts';
import { cliLogger } from '../deps.ts';
import { type Finding, findingsOf } from './finding.ts';
import { isMissing } from './settings.ts';

const { ok, warn, fail } = findingsOf('deepseek');

export async function checkDeepseek(context: Context): Promise<Finding[]> {
  const { deepseek } = context.settings().config;
  if (deepseek.apiKey === null) return isMissing(context, 'DEEPSEEK_API_KEY') ? [fail('not_set')] : [];
  const model = createModel({
    baseUrl: deepseek.baseUrl,
    apiKey: deepseek.apiKey,
    model: deepseek.model,
    chunkTimeoutMs: deepseek.timeoutMs,
    clock: context.clock,
    log: cliLogger(context),
  });
  return judgeModel(model, new URL(deepseek.baseUrl).host);
}

export async function judgeModel(
  model: Pick<Model, 'name' | 'listModels' | 'balance'>,
  host: string,
): Promise<Finding[]> {
  try {
    return [judgeName(model.name, await model.listModels()), ...judgeBalance(await model.balance())];
  } catch (error) {
    const status = error instanceof ModelError ? error.status : undefined;
    if (status === 401 || status === 403) return [fail('key_refused')];
    if (status === 402) return [fail('balance_empty')];
    return [status === undefined ? fail('no_answer', { host }) : fail('error', { status })];
  }
}

function judgeName(name: string, known: readonly string[] | undefined): Finding {
  if (known === undefined) return warn('no_list', { name });
  return known.includes(name)
    ? ok('model', { name })
    : fail('model_unknown', { name, known: known.slice(0, 8).join(', ') });
}

function judgeBalance(balance: Awaited<ReturnType<Model['balance']>>): Finding[] {
  if (balance === undefined) return [];
  const amounts = balance.amounts.map(({ total, currency }) => `${total} ${currency}`).join(', ');
  return [balance.available ? ok('balance', { amounts }) : fail('balance_empty')];
}
