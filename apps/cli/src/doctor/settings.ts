import { ConfigError, type Environment, type Problem, readWebhookConfig, type Warning } from '@mingdan/config';
import type { Context } from '../context.ts';
import { type Finding, findingsOf } from './finding.ts';

const { ok, warn, fail } = findingsOf('settings');

/** What these are for has a line of its own, which says that they are missing. */
const TOLD_BY_THEIR_CHECK = ['DATABASE_URL', 'TELEGRAM_BOT_TOKEN', 'DEEPSEEK_API_KEY', 'MAIL_FROM'];

const TOLD_BY_GATEWAYS = 'no_provider';

/** True where a variable is simply not there; a wrong value or a placeholder is told among the settings. */
export function isMissing(context: Context, variable: string): boolean {
  return context.settings().problems.some((problem) => problem.variable === variable && problem.kind === 'missing');
}

/** Every setting, also those that only the webhook process reads. */
export function checkSettings(context: Context): Finding[] {
  const { config, problems, warnings } = context.settings();
  const told = new Set(problems.flatMap(({ variable }) => variable.split(', ')));
  const all = [
    ...problems,
    ...webhookProblems(context.environment()).filter(
      ({ variable }) => !variable.split(', ').every((name) => told.has(name)),
    ),
  ];
  const toTell = all.filter(({ kind, variable }) => !(kind === 'missing' && TOLD_BY_THEIR_CHECK.includes(variable)));
  return [
    ...toTell.map(({ kind, variable, expected, example, why }) =>
      fail(kind, { variable, expected, example, why: why === undefined ? '' : ` (${why})` }),
    ),
    ...warnings.filter(({ code }) => code !== TOLD_BY_GATEWAYS).map(tell),
    ...(all.length === 0 ? [ok(config.production ? 'production' : 'development')] : []),
  ];
}

function tell({ code, subject }: Warning): Finding {
  return warn(code === 'placeholder' ? 'held_placeholder' : code, { subject });
}

function webhookProblems(env: Environment): readonly Problem[] {
  try {
    readWebhookConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
