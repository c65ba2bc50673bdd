import type { FaultBoard } from '../faults.ts';
import { BotApiError } from './errors.ts';

/**
 * Telegram's limits on sending: 1 message a second per chat after a burst, and so many a second over all chats.
 * GCRA: each bucket remembers when it would be empty again, in milliseconds.
 */
export class FloodControl {
  private readonly chats = new Map<number, number>();
  private all = 0;
  private readonly faults: FaultBoard;
  private readonly now: () => number;

  constructor(faults: FaultBoard, now: () => number) {
    this.faults = faults;
    this.now = now;
  }

  /** @throws BotApiError 429 with retry_after in seconds */
  takeSlot(chatId: number): void {
    const { on, burst, perSecond } = this.faults.read().telegram.limits;
    if (!on) return;
    const now = this.now();
    const chat = nextFree(this.chats.get(chatId) ?? 0, now, 1_000, burst);
    const all = nextFree(this.all, now, 1_000 / perSecond, perSecond);
    const wait = Math.max(chat.wait, all.wait);
    if (wait > 0) {
      const retryAfter = Math.ceil(wait / 1_000);
      throw new BotApiError(429, `Too Many Requests: retry after ${retryAfter}`, { retry_after: retryAfter });
    }
    this.chats.set(chatId, chat.emptyAt);
    this.all = all.emptyAt;
  }
}

function nextFree(emptyAt: number, now: number, stepMs: number, burst: number) {
  const next = Math.max(emptyAt, now) + stepMs;
  return { emptyAt: next, wait: next - now - burst * stepMs };
}
