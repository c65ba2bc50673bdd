import { type Logger, messageOf, pause } from '@mingdan/kernel';

/** The bot, as people find it. */
export interface BotLink {
  /** with its @ */
  readonly name: string;
  readonly address: string;
}

/** @param chat where a stand-in of Telegram talks, in the sandbox */
export function botLinkOf(name: string, chat: string | undefined): BotLink {
  return { name: `@${name}`, address: chat ?? `https://t.me/${name}` };
}

/** The bot, asked for once; what failed is asked again by the next who wants it. */
export function rememberedBot(ask: () => Promise<BotLink>): () => Promise<BotLink> {
  let known: Promise<BotLink> | undefined;
  return () => {
    known ??= ask().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

const AGAIN_MS = 1_000;
const LONGEST_MS = 60_000;

/** For who cannot wait: asks in the background until it is told. @returns undefined until it is known */
export function learnBot(
  ask: () => Promise<BotLink>,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): () => BotLink | undefined {
  let bot: BotLink | undefined;
  const learn = async (): Promise<void> => {
    for (let wait = AGAIN_MS; !signal.aborted; wait = Math.min(LONGEST_MS, wait * 2)) {
      try {
        bot = await ask();
        return;
      } catch (error) {
        log.debug({ cause: messageOf(error) }, 'the name of the bot is not known yet');
        await pause(wait, signal);
      }
    }
  };
  void learn();
  return () => bot;
}
