import { formatAmount, type Money } from '@mingdan/kernel';
import type { Texts } from './texts.ts';

/** Times are shown as the order numbers count days: in China's time. */
const shown = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

export function timeText(time: Date): string {
  return shown.format(time);
}

export function dayText(time: Date): string {
  return timeText(time).slice(0, 10);
}

/** Money for programs: its code stands where people read a sign. */
export function moneyCode(money: Money): string {
  return `${formatAmount(money)} ${money.currency}`;
}

export function localised(names: Readonly<Record<string, string>>, texts: Texts): string {
  return names[texts.language] ?? names['zh-CN'] ?? Object.values(names)[0] ?? '';
}

/** Whole lines of `name  value`, without those that have no value. */
export function fields(entries: readonly (readonly [string, string | number | null | undefined])[]): string[] {
  return entries.flatMap(([name, value]) => (value === null || value === undefined ? [] : [`${name}: ${value}`]));
}

/** A code as its word in the operator's language, or as it is. */
export function word(texts: Texts, list: string, code: string): string {
  return texts.t(`${list}.${code}`, { defaultValue: code });
}
