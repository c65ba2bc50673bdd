import type { Command } from 'commander';
import { type Answer, answering } from '../answer.ts';
import type { Context } from '../context.ts';
import { checkBazi } from '../doctor/bazi.ts';
import { checkCertificates } from '../doctor/certificates.ts';
import { checkClock } from '../doctor/clock.ts';
import { checkDatabase } from '../doctor/database.ts';
import { checkDeepseek } from '../doctor/deepseek.ts';
import { checkNames, type Finding } from '../doctor/finding.ts';
import { checkGateways } from '../doctor/gateways.ts';
import { checkMail } from '../doctor/mail.ts';
import { checkNotices } from '../doctor/notices.ts';
import { checkOffer } from '../doctor/offer.ts';
import { checkSettings } from '../doctor/settings.ts';
import { checkTelegram } from '../doctor/telegram.ts';
import type { Texts } from '../texts.ts';

export function registerDoctor(program: Command, context: Context): void {
  answering(program, context, 'doctor', 'Check every setting and outside service; says what to fix.', async () =>
    answer(context.texts(), await examine(context)),
  );
}

/** All at once, each with its own time limit; told in a fixed order. */
async function examine(context: Context): Promise<Finding[]> {
  const found = await Promise.all([
    checkSettings(context),
    checkDatabase(context),
    checkClock(context, fetch),
    checkTelegram(context, fetch),
    checkDeepseek(context),
    checkBazi(context),
    checkMail(context),
    checkGateways(context),
    checkCertificates(context),
    checkNotices(context, fetch),
    checkOffer(context),
  ]);
  return checkNames.flatMap((name) => found.flat().filter(({ check }) => check === name));
}

const MARK = { ok: '✓', warn: '!', fail: '✗' } as const;

/** Warnings fail nothing. */
function answer(texts: Texts, findings: readonly Finding[]): Answer {
  const failed = findings.filter(({ state }) => state === 'fail').length;
  const told = findings.map((finding) => ({ ...finding, text: textOf(texts, finding) }));
  const end = failed === 0 ? texts.t('doctor.all_well') : texts.t('doctor.to_fix', { failed });
  return {
    json: { ok: failed === 0, checks: told.map(({ check, state, key, text }) => ({ check, state, code: key, text })) },
    lines: [...told.map(({ state, text }) => `${MARK[state]} ${text}`), end],
    failed: failed > 0,
  };
}

export function textOf(texts: Texts, { check, key, params }: Finding): string {
  return texts.t('doctor.line', {
    title: texts.t(`doctor.${check}.title`),
    text: texts.t(`doctor.${check}.${key}`, params),
  });
}
