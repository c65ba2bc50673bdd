import { orderNumberPattern } from '@mingdan/kernel';
import { OperationRefused } from '@mingdan/operations';
import { InvalidArgumentError } from 'commander';

/** An order number as people type it: any case, perhaps with blanks around it. @throws OperationRefused for what can be no order's */
export function orderNumberArgument(text: string): string {
  const orderNo = text.trim().toUpperCase();
  if (!orderNumberPattern.test(orderNo))
    throw new OperationRefused('order_not_found', `there is no order ${text.slice(0, 40)}`);
  return orderNo;
}

export function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1000)
    throw new InvalidArgumentError('A whole number from 1 to 1000.');
  return count;
}

export function idArgument(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('A number from the list.');
  return Number(text);
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30d`, `12h`, `45m` back from now, or a day such as 2026-11-01 (China's time). */
export function sinceArgument(text: string, now: Date): Date {
  const back = /^(\d{1,5})([mhd])$/.exec(text);
  if (back) {
    const unit = back[2] === 'm' ? UNIT_MS.m : back[2] === 'h' ? UNIT_MS.h : UNIT_MS.d;
    return new Date(now.getTime() - Number(back[1]) * unit);
  }
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00+08:00`) : new Date(Number.NaN);
  if (Number.isNaN(day.getTime())) throw new InvalidArgumentError('Write 30d, 12h, 45m, or a day such as 2026-11-01.');
  return day;
}
