const china = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' });

/** `2026-12-21`, on China's calendar, as order numbers count days. */
export function dayText(at: Date): string {
  return china.format(at);
}
