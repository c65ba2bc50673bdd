import type { Language } from '@mingdan/orders';

/** A moment as people in China read it on their clocks. */
export function clockTime(at: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, {
    timeZone: 'Asia/Shanghai',
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
  }).format(at);
}

/** The day of it, on China's calendar. */
export function dayName(at: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, { timeZone: 'Asia/Shanghai', dateStyle: 'long' }).format(at);
}
