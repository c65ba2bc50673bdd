import { type Logger, messageOf, pause } from '@mingdan/kernel';

/** The bot's name, asked for once; what failed is asked again by the next who wants it. */
export function rememberedName(ask: () => Promise<string>): () => Promise<string> {
  let known: Promise<string> | undefined;
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

/** For who cannot wait: asks in the background until it is told. @returns the name without its @; undefined until it is known */
export function learnBotName(
  ask: () => Promise<string>,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): () => string | undefined {
  let name: string | undefined;
  const learn = async (): Promise<void> => {
    for (let wait = AGAIN_MS; !signal.aborted; wait = Math.min(LONGEST_MS, wait * 2)) {
      try {
        name = await ask();
        return;
      } catch (error) {
        log.debug({ cause: messageOf(error) }, 'the name of the bot is not known yet');
        await pause(wait, signal);
      }
    }
  };
  void learn();
  return () => name;
}
